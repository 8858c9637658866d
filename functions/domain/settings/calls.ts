import { decimal, methodPatterns, setting, wholeNumber } from "./definition";

/** How calls are asked of nodes. */
export const callSettings = {
  attemptTimeoutSeconds: setting({
    type: decimal(0.05, 600),
    default: 4,
    doc: "Longest wait for one node's answer to a normal call.",
  }),
  callTimeoutSeconds: setting({
    type: decimal(0.05, 600),
    default: 12,
    doc: "Longest a normal call takes, all attempts together.",
  }),
  broadcastNodes: setting({
    type: wholeNumber(1, 32),
    default: 4,
    doc: "Most nodes that a transaction (`eth_sendRawTransaction`) is sent to at once; the first that accepts it answers.",
  }),
  heavyMethods: setting({
    type: methodPatterns(),
    default: ["debug_*", "trace_*", "arbtrace_*"],
    doc: "Methods whose answers may be large and long in coming: they are streamed to the client instead of being judged first, so another node is asked only when one can't be reached or answers with an HTTP error. They have to be allowed too, see `allowedMethods`.",
  }),
  heavyTimeoutSeconds: setting({
    type: decimal(0.05, 3600),
    default: 60,
    doc: "Longest wait for a node's answer to a heavy method to begin, and between two parts of it. There is no limit on the whole: it lasts while the node goes on and the client reads (30 s without reading end it).",
  }),
  hedgeShare: setting({
    type: decimal(0, 1),
    default: 0.05,
    doc: "A call that takes longer than 95 % of its node's calls is sent to a second node too, for at most this share of all calls. 0 switches it off; writes are never raced.",
  }),
  cacheMegabytes: setting({
    type: wholeNumber(0, 16_384),
    default: 64,
    doc: "Memory for answers that several calls can share, in each proxy. 0 switches the cache off.",
  }),
  batchLimit: setting({
    type: wholeNumber(1, 10_000),
    default: 100,
    doc: "Most calls in one batch.",
  }),
  maxBodyBytes: setting({
    type: wholeNumber(1024, 256 * 1024 * 1024),
    default: 1024 * 1024,
    doc: "Largest request body.",
  }),
  wholeAnswerBytes: setting({
    type: wholeNumber(1024, 256 * 1024 * 1024),
    default: 16 * 1024 * 1024,
    doc: "Answers up to this size are read whole and judged before they are passed on.",
  }),
  maxAnswerBytes: setting({
    type: wholeNumber(1024, 4 * 1024 * 1024 * 1024),
    default: 256 * 1024 * 1024,
    doc: "Largest answer of a node that is passed on. One to a heavy method is not cut off when its length was not announced.",
  }),
  headPollSeconds: setting({
    type: decimal(0, 60),
    default: 1,
    doc: "How often nodes are asked for their height while clients call their network; calls go to those at the head. 0: never.",
  }),
  halfOpenAfterSeconds: setting({
    type: decimal(0.05, 600),
    default: 1,
    doc: "An ejected node gets one trial call after this time; doubled for each failed trial.",
  }),
  halfOpenMaxSeconds: setting({
    type: decimal(0.05, 3600),
    default: 30,
    doc: "Longest wait between two trial calls to an ejected node.",
  }),
  blockedMethods: setting({
    type: methodPatterns(),
    default: [
      "admin_*",
      "debug_*",
      "trace_*",
      "engine_*",
      "miner_*",
      "personal_*",
      "clique_*",
      "les_*",
      "txpool_*",
      "eth_sign*",
      "eth_sendTransaction",
    ],
    doc: "Methods that are answered with −32601 without asking a node.",
  }),
  allowedMethods: setting({
    type: methodPatterns(),
    default: [],
    doc: "Methods that are served although `blockedMethods` matches them.",
  }),
};
