import { z } from "zod";
import { addressOrRange, decimal, flag, list, setting, wholeNumber } from "./definition";

/** What stands between clients and the proxy, and what is told of their requests. */
export const edgeSettings = {
  corsOrigins: setting({
    type: list(
      z.string().regex(/^(\*|https?:\/\/[A-Za-z0-9.:[\]-]{1,253})$/),
      "`*` or origins such as https://app.example.org",
    ),
    default: ["*"],
    doc: "Web origins that may read answers.",
  }),
  trustedProxies: setting({
    type: list(addressOrRange, "addresses or CIDR ranges such as 10.0.0.0/8, separated by commas"),
    default: [],
    doc: "Peers whose X-Forwarded-For is believed.",
  }),
  logRequests: setting({
    type: flag,
    default: true,
    doc: "One JSON log line per request, without params, keys or provider URLs.",
  }),
  logParams: setting({
    type: flag,
    default: false,
    doc: "Log lines of requests carry the params.",
  }),
  logSampleRate: setting({
    type: decimal(0, 1),
    default: 1,
    doc: "Share of the requests without any error that are logged, down to 0.0001; those with an error always are.",
  }),
  logClientAddress: setting({
    type: z.enum(["full", "truncated", "off"], { error: "full, truncated or off" }),
    default: "full",
    doc: "How logs show the client's address: full, truncated (IPv4 to /24, IPv6 to /48), or off.",
  }),
  forwardRequestId: setting({
    type: flag,
    default: false,
    doc: "Nodes are sent the request's id, as `X-Request-Id`.",
  }),
  forwardTraceparent: setting({
    type: flag,
    default: true,
    doc: "A client's `traceparent` is passed on to nodes, if it is well formed; `tracestate` never is.",
    source: "https://www.w3.org/TR/trace-context/",
  }),
  workerProcesses: setting({
    type: wholeNumber(0, 256),
    default: 0,
    doc: "nginx workers of a task; 0 means one per CPU.",
  }),
  maxCallsInFlight: setting({
    type: wholeNumber(0, 10_000),
    default: 0,
    doc: "Requests that a task may have under way at once; more are refused with 503 until some have been answered. Each takes about 1.25 MiB; 0 means as many as fit into six tenths of the task's memory.",
  }),
};
