import { decimal, flag, setting, wholeNumber } from "./definition";

/** How nodes are looked at, and what their chains are like. */
export const healthCheckSettings = {
  healthCheckIntervalSeconds: setting({
    type: wholeNumber(1, 3600),
    default: 60,
    local: 5,
    doc: "Seconds from the start of one health check to the start of the next.",
  }),
  maxLagBlocks: setting({
    type: wholeNumber(0, 1_000_000),
    default: 10,
    doc: "A node at most this many blocks behind the reference height is healthy.",
  }),
  probeTimeoutSeconds: setting({
    type: decimal(0.1, 60),
    default: 2,
    doc: "Longest wait for all answers of one node to one probe.",
  }),
  unhealthyAfter: setting({
    type: wholeNumber(1, 100),
    default: 2,
    doc: "Bad probes in a row after which a healthy node counts as unhealthy.",
  }),
  healthyAfter: setting({
    type: wholeNumber(1, 100),
    default: 2,
    doc: "Good probes in a row after which an unhealthy node counts as healthy; a new node needs one.",
  }),
  blockTimeSeconds: setting({
    type: decimal(0.01, 3600),
    default: 12,
    doc: "Expected seconds between two blocks until they have been observed.",
  }),
  finalityDepthBlocks: setting({
    type: wholeNumber(0, 1_000_000),
    default: 64,
    doc: "Blocks this far below the head no longer change.",
  }),
  allowPrivateNodes: setting({
    type: flag,
    default: false,
    local: true,
    doc: "Nodes may have loopback and private addresses. Link-local and metadata addresses are refused always.",
  }),
};
