import { setting, wholeNumber } from "./definition";

/** Bounds of WebSockets. */
export const socketSettings = {
  maxSocketsPerTask: setting({
    type: wholeNumber(1, 1_000_000),
    default: 10_000,
    doc: "Most WebSockets of a task; more are refused with 503.",
  }),
  maxSocketsPerClient: setting({
    type: wholeNumber(1, 1_000_000),
    default: 500,
    doc: "Most WebSockets of one key, or of one address (IPv6: one /64) without a key, on a task; more are refused with 429.",
  }),
  maxSubscriptionsPerSocket: setting({
    type: wholeNumber(1, 10_000),
    default: 100,
    doc: "Most subscriptions on one WebSocket.",
  }),
  maxFrameBytes: setting({
    type: wholeNumber(1024, 256 * 1024 * 1024),
    default: 1024 * 1024,
    doc: "Largest message that a client may send over a WebSocket; a larger one closes it with 1009.",
  }),
  maxSocketQueueBytes: setting({
    type: wholeNumber(16 * 1024, 1024 * 1024 * 1024),
    default: 4 * 1024 * 1024,
    doc: "A client that leaves more than this unread when there is more to send is cut off with 1008.",
  }),
  maxSocketAnswerBytes: setting({
    type: wholeNumber(1024, 256 * 1024 * 1024),
    default: 64 * 1024 * 1024,
    doc: "Largest answer to a call over a WebSocket; it is held in memory as a whole.",
  }),
  socketPingSeconds: setting({
    type: wholeNumber(1, 3600),
    default: 30,
    doc: "Seconds between two pings on an idle WebSocket; one that answers none is closed.",
  }),
};
