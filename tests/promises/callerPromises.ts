import type { Area } from "./promise";

export const callerPromises: Area[] = [
  {
    title: "Keys and limits",
    promises: [
      {
        priority: "P0",
        promise:
          "No key is needed unless a setting says so; then the path or a bearer token tells who calls.",
        shownBy: {
          "proxy/keys": ["in the path (/<network>/<key>) or `Authorization: Bearer` identify the caller"],
          "proxy/requests": ["serves a network by name and by chain id"],
        },
      },
      {
        priority: "P0",
        promise: "Whoever has no valid key gets 401, and learns nothing from it.",
        shownBy: { "proxy/keys": ["→ 401 with no hint", "are not believed"] },
      },
      {
        priority: "P0",
        promise: "Only hashes of keys are stored; a key is shown once, when the admin API makes it.",
        shownBy: {
          "handlers/keys": ["answers 201 with the key, this once", "revokes a key with 204"],
          "adapters/dynamoRegistry": ["are made up, and kept as hashes only"],
        },
      },
      {
        priority: "P0",
        promise: "A new key works, and a revoked one no longer does, within five seconds.",
        shownBy: {
          "e2e/keys": ["is effective within 5 s"],
          "agent/keys": ["come and go within five seconds"],
          "proxy/keys": ["added and revoked are effective without a reload"],
        },
      },
      {
        priority: "P0",
        promise: "No log, metric or node ever sees a key.",
        shownBy: {
          "proxy/keys": ["are never logged or sent to a node"],
          "agent/logs": ["never shows a secret of a node's URL or a client's key"],
          "sockets/keys": ["don't tell the gateway the key"],
        },
      },
      {
        priority: "P0",
        promise: "Calls are limited by key and by address, each call of a batch counted, bursts allowed.",
        shownBy: {
          "proxy/rateLimits": [
            "allow bursts",
            "are counted per call (a batch of 50 is 50)",
            "are kept by all workers together",
            "give back what time brings",
            "take an IPv6 /64 for one client",
          ],
        },
      },
      {
        priority: "P0",
        promise: "Over the limit: 429, −32005 and `Retry-After`; of a batch only the calls that are over it.",
        shownBy: {
          "proxy/rateLimits": ["over it → 429, −32005, `Retry-After`", "only the elements over it fail"],
        },
      },
      {
        priority: "P0",
        promise: "A client's address is what a trusted proxy says, and nobody else.",
        shownBy: {
          "proxy/rateLimits": ["the client address comes from trusted proxies only"],
          "proxy/headers": ["name the client's address only when a trusted proxy does"],
          "sockets/behindNginx": ["carry the client's address, and no client can make one up"],
        },
      },
    ],
  },
];
