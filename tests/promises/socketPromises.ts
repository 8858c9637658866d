import type { Area } from "./promise";

export const socketPromises: Area[] = [
  {
    title: "WebSockets",
    promises: [
      {
        priority: "P0",
        promise:
          "Calls over a socket have all that HTTP calls have: other nodes, cache, limits, the same errors.",
        shownBy: {
          "sockets/gateway": ["take the road of HTTP calls", "keys and rate limits hold for those too"],
          "sockets/behindNginx": ["work on /, /<network> and /<chain id>", "fail over like HTTP calls"],
          "sockets/keys": ["calls are counted by the key"],
        },
      },
      {
        priority: "P0",
        promise: "Garbage gets −32700, and the socket lives on.",
        shownBy: {
          "sockets/gateway": ["answers garbage with −32700 and lives"],
          "sockets/fuzz": ["hostile frames"],
        },
      },
      {
        priority: "P0",
        promise: "Slow calls don't keep others on the socket waiting.",
        shownBy: { "sockets/gateway": ["does not hold up others behind slow calls"] },
      },
      {
        priority: "P0",
        promise:
          "`eth_subscribe` to heads, logs and pending transactions: equal subscriptions of all sockets share one at a node.",
        shownBy: {
          "sockets/subscriptions": [
            "newHeads: one upstream subscription serves all sockets",
            "logs: equal filters share",
            "newPendingTransactions: hashes or whole",
          ],
          "sockets/messages": ["are the same wish however they are written"],
          "sockets/clients": ["unsubscribe", "unwatch"],
        },
      },
      {
        priority: "P0",
        promise:
          "A subscription moves on when its node dies or falls behind, without a gap or a repeat, in order; the client does not notice.",
        shownBy: {
          "sockets/subscriptions": [
            "move to another node when theirs",
            "move when their node leaves the pool",
          ],
          "sockets/clients": ["a client notices nothing when the node"],
          "sockets/chain": ["fills a gap before it goes on"],
          "sockets/logs": ["delivers each block's logs once, in order"],
          "sockets/alone/soak": ["see every block and log once and in order"],
        },
      },
      {
        priority: "P0",
        promise: "Logs of blocks that a reorganisation took away come once more with `removed: true`.",
        shownBy: {
          "sockets/subscriptions": ["re-announce a reorganisation"],
          "sockets/logs": ["takes them back with their block"],
        },
      },
      {
        priority: "P0",
        promise: "Sockets, subscriptions of a socket, and the size of frames are bounded.",
        shownBy: {
          "sockets/gateway": [
            "bounds sockets of the task and of a client",
            "bounds subscriptions of a socket",
            "closes a socket with an oversized frame with 1009",
          ],
        },
      },
      {
        priority: "P0",
        promise: "A client that does not read is cut off, and nobody else notices.",
        shownBy: {
          "sockets/gateway": ["cuts off a slow reader, and nobody else"],
          "sockets/subscriptions": ["a client that does not read its notifications is cut off"],
        },
      },
      {
        priority: "P0",
        promise: "Sockets to nodes close when the last subscriber is gone.",
        shownBy: { "sockets/subscriptions": ["upstream sockets close with their last user"] },
      },
    ],
  },
];
