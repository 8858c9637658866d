import type { Area } from "./promise";

export const chainPromises: Area[] = [
  {
    title: "One consistent chain",
    promises: [
      {
        priority: "P0",
        promise:
          "No client of a task sees `eth_blockNumber` fall, whichever nodes answer and whatever is kept.",
        shownBy: {
          "proxy/heads": ["the head never falls"],
          "proxy/headAware": ["faster than polling keeps all its nodes in use, and its head never falls"],
          "proxy/cacheScope": ["never falls behind a head that was handed out"],
        },
      },
      {
        priority: "P0",
        promise:
          "Heads are learnt by polling while there are calls, so that tasks of a service stay close; idle tasks poll nobody.",
        shownBy: { "proxy/polling": ["learns heads while there is traffic"] },
      },
      {
        priority: "P0",
        promise:
          "Once head N has been shown, reads at `latest` or up to N go to nodes that have N, to others only for want of those.",
        shownBy: {
          "proxy/headAware": [
            "a read at latest or at ≤ N goes to a node that has N",
            "a node behind is asked only when nobody is there",
            "the leader is asked before a node that is behind",
            "a receipt hands out a head too",
          ],
        },
      },
      {
        priority: "P0",
        promise: "`eth_getLogs` answers for the whole range or with an error, never for a part of it.",
        shownBy: {
          "proxy/logsRange": [
            "beyond a node's head goes to a node that has the range",
            "beyond every node's head fails clearly",
            "up to latest goes to a node that has the head",
          ],
        },
      },
      {
        priority: "P0",
        promise: "One node far ahead of the others does not move the head, and leaves the rotation.",
        shownBy: {
          "proxy/heads": ["is not moved by a node", "follows a jump that a second node confirms"],
          "proxy/headAware": ["a node alone far ahead of all others", "a node a little ahead of all others"],
        },
      },
      {
        priority: "P0",
        promise: "A node on another chain gets no calls.",
        shownBy: {
          "proxy/chain": ["keeps an ejected node out while it is on another one", "has to be the network's"],
          "e2e/failover": ["is on a wrong chain"],
          "workflow/healthCheck": ["takes a node on a wrong chain out at once"],
        },
      },
      {
        priority: "P1",
        promise: "`safe` and `finalized` don't fall either, and no single node moves them.",
        shownBy: {
          "proxy/headAware": ["latest, safe and finalized never fall", "a lone liar does not move finalized"],
        },
      },
      {
        priority: "P1",
        promise:
          "Short reorganisations are followed, and what was kept of the blocks that are gone is dropped.",
        shownBy: { "proxy/polling": ["a reorganisation shorter than the finality depth"] },
      },
    ],
  },
];
