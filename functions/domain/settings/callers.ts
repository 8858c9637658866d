import { decimal, flag, setting, wholeNumber } from "./definition";

/** Who is let in, and how often. */
export const callerSettings = {
  requireKeys: setting({
    type: flag,
    default: false,
    doc: "Only callers with a key are served. Keys are made with `POST /keys` of the admin API or `keys create`.",
  }),
  keyRatePerSecond: setting({
    type: decimal(0, 100_000),
    default: 0,
    doc: "Calls a second of a key that names no rate of its own, on each task; each call of a batch counts. 0: no limit.",
  }),
  keyBurst: setting({
    type: wholeNumber(1, 1_000_000),
    default: 100,
    doc: "Calls at once, after a rest, of a key that names no burst of its own.",
  }),
  addressRatePerSecond: setting({
    type: decimal(0, 100_000),
    default: 0,
    doc: "Calls a second of one client address (IPv6: one /64), with or without a key, on each task. 0: no limit.",
  }),
  addressBurst: setting({
    type: wholeNumber(1, 1_000_000),
    default: 100,
    doc: "Calls at once, after a rest, of one client address.",
  }),
};
