import type { Area } from "./promise";

export const writePromises: Area[] = [
  {
    title: "Writes and filters",
    promises: [
      {
        priority: "P0",
        promise:
          "A signed transaction goes to all healthy nodes at once, to four at most or as many as a setting says; whoever accepts it first answers.",
        shownBy: {
          "proxy/writes": [
            "goes to all healthy nodes at once",
            "goes to at most four nodes",
            "succeeds when one node accepts it",
            "goes on to further nodes",
            "is not accepted by an answer that is no hash",
          ],
        },
      },
      {
        priority: "P0",
        promise: "A node that has the transaction already is success, with the transaction's hash.",
        shownBy: {
          "proxy/sending": ["succeeds with its hash"],
          "domain/transactionHash": ["is that of a transaction"],
        },
      },
      {
        priority: "P0",
        promise: "A client that leaves does not stop what it has sent.",
        shownBy: {
          "proxy/writes": ["is not stopped by the client's disconnect", "after the client has left"],
        },
      },
      {
        priority: "P0",
        promise: "What must happen once is sent once, also when nobody knows what became of it.",
        shownBy: {
          "proxy/writes": ["a method that is not idempotent is never sent twice"],
          "proxy/failover": ["sends a method that is not idempotent once"],
        },
      },
      {
        priority: "P0",
        promise: "A filter lives at the node that made it, and every task of the service finds it there.",
        shownBy: {
          "proxy/filters": [
            "stay with the node that made them",
            "for any task of the service",
            "are never asked for twice, nor at another node",
          ],
        },
      },
    ],
  },
];
