import type { Area } from "./promise";

export const cachePromises: Area[] = [
  {
    title: "Cache",
    promises: [
      {
        priority: "P0",
        promise:
          "On unless switched off, in bounded memory. Only what can't change is kept long: the chain's ids, and blocks, transactions, receipts and states at least the finality depth below the head.",
        shownBy: {
          "proxy/cache": [
            "keeps historical state",
            "keeps by-hash lookups and receipts once their block is final",
            "is bounded: older answers make room",
          ],
          "proxy/cacheScope": [
            "is there for long by hash when its block is final",
            "is kept when no setting says otherwise",
          ],
          "proxy/chain": ["is what the network says, whatever nodes say"],
        },
      },
      {
        priority: "P0",
        promise: "What depends on the head is kept for a block's time at most, and not beyond the next head.",
        shownBy: {
          "proxy/cache": ["nor a moving tag under its tag"],
          "proxy/cacheScope": ["is there for one block time at most"],
        },
      },
      {
        priority: "P0",
        promise:
          "Never kept: errors, nulls, empty receipts, writes, filters, and answers that don't fit their question.",
        shownBy: {
          "proxy/cache": [
            "never keeps errors, nulls, empty receipts, writes, filters",
            "does not keep anything above finality as if it were final",
            "does not keep a result that does not fit the question",
          ],
          "proxy/cacheScope": ["is no error, whoever's fault it is"],
        },
      },
      {
        priority: "P0",
        promise:
          "Two calls share an answer if network, method and params are the same, however the params are written.",
        shownBy: {
          "proxy/cache": ["takes params for equal that differ in capitals"],
          "proxy/cacheScope": ["is for one network only"],
        },
      },
      {
        priority: "P0",
        promise:
          "Equal calls at the same time are one call to a node, and none of them suffers from another's fate.",
        shownBy: {
          "proxy/cache": [
            "makes one upstream call of N identical concurrent calls",
            "hands an error that is the call's own to all",
            "although the client whose call was under way is gone",
          ],
        },
      },
      {
        priority: "P0",
        promise: "A cache that is full or broken costs time, never an answer.",
        shownBy: {
          "proxy/cache": ["is bounded: older answers make room"],
          "proxy/cacheScope": ["is nothing when its memory fails"],
        },
      },
      {
        priority: "P0",
        promise: "Metrics tell hits, misses and joined calls.",
        shownBy: {
          "proxy/cache": ["and counts hits"],
          "proxy/cacheScope": ["counts as a hit in the metrics"],
        },
      },
    ],
  },
];
