import type { Area } from "./promise";

export const errorPromises: Area[] = [
  {
    title: "Errors of providers",
    promises: [
      {
        priority: "P0",
        promise:
          "Errors are told apart by message and code in any case; the message wins, and classes have an order.",
        shownBy: { "domain/providerErrors": ["classifyError takes"] },
      },
      {
        priority: "P0",
        promise: "Limited: another node answers, and this one rests, as long as `Retry-After` says.",
        shownBy: {
          "proxy/providerErrors": ["is limited: another node is asked", "limited from all nodes"],
          "proxy/ejection": ["obeys Retry-After"],
        },
      },
      {
        priority: "P0",
        promise: "Out of credit: another node answers, and this one rests for minutes.",
        shownBy: {
          "proxy/providerErrors": ["is outOfCredit: another node is asked", "outOfCredit from all nodes"],
          "proxy/ejection": ["lets a node that is out of credit rest for minutes"],
        },
      },
      {
        priority: "P0",
        promise: "Access refused: another node answers, and the operator sees which one refused.",
        shownBy: {
          "proxy/providerErrors": ["is refused: another node is asked", "refused from all nodes"],
          "proxy/ejection": ["tells the operator which node refuses access"],
        },
      },
      {
        priority: "P0",
        promise: "Data missing: a node that has it answers; else the error is passed on.",
        shownBy: {
          "proxy/providerErrors": ["is missingData: another node is asked", "missingData from all nodes"],
        },
      },
      {
        priority: "P0",
        promise: "Not supported here: another node answers; else the error is passed on.",
        shownBy: {
          "proxy/providerErrors": ["is unsupported: another node is asked", "unsupported from all nodes"],
        },
      },
      {
        priority: "P0",
        promise:
          "A node in trouble: another one answers; the error is the client's only when all nodes have the same.",
        shownBy: {
          "proxy/providerErrors": ["is trouble: another node is asked", "trouble from all nodes"],
          "proxy/failover": [
            "keeps an error of a node to itself",
            "passes on an error nobody knows when all",
          ],
        },
      },
      {
        priority: "P0",
        promise: "The call's own error and the caller's mistakes: passed on unchanged, one node asked.",
        shownBy: {
          "proxy/providerErrors": [
            "is own: passed on after one attempt",
            "errors own from all nodes is passed on unchanged",
            "is caller: passed on after one attempt",
            "caller from all nodes is passed on unchanged",
          ],
        },
      },
      {
        priority: "P0",
        promise: "A transaction that is known already was sent with success.",
        shownBy: { "proxy/sending": ["succeeds with its hash"] },
      },
      {
        priority: "P0",
        promise: "A range too wide for one node is tried on another; else the error is passed on.",
        shownBy: {
          "proxy/providerErrors": ["is rangeTooWide: another node is asked", "rangeTooWide from all nodes"],
        },
      },
      {
        priority: "P0",
        promise: "No error shows a node's address or credentials.",
        shownBy: {
          "proxy/failover": ["takes a node's secrets out of the errors", "in general words"],
          "proxy/heavy": ["hide a key that a node's error quotes"],
          "e2e/secrets": ["is in no answer, page, metric or log"],
        },
      },
    ],
  },
];
