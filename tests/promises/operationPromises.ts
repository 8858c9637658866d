import type { Area } from "./promise";

export const operationPromises: Area[] = [
  {
    title: "Operation",
    promises: [
      {
        priority: "P0",
        promise:
          "Reloads and redeployments lose no call and close no idle connection under a client's hands.",
        shownBy: {
          "proxy/reload": [
            "fails no request of clients that keep their connections",
            "fails none of their calls",
          ],
          "agent/serving": ["through ten releases in a row without a failed call"],
          "agent/builtIn": ["loses no call of busy keep-alive clients"],
          "agent/alone/stopping": ["answers the call that is in flight"],
          "e2e/failover": ["ten releases are rolled out in a row"],
        },
      },
      {
        priority: "P0",
        promise: "Sockets outlive reloads, and are told to come again elsewhere before a task ends.",
        shownBy: {
          "sockets/gateway": ["tells sockets to reconnect before it stops", "keeps sockets over reloads"],
          "sockets/alone/wholeGateway": [
            "live on while nodes leave and join",
            "are told with 1012 to reconnect",
          ],
        },
      },
      {
        priority: "P0",
        promise:
          "Each call, also within a batch, is counted by network, method, node, outcome and cache; methods nobody knows share one label.",
        shownBy: {
          "proxy/operation": ["counts every call by network, method, node and outcome"],
          "proxy/cacheScope": ["counts as a hit in the metrics"],
          "proxy/heavy": ["are counted by network, method, node and outcome"],
        },
      },
      {
        priority: "P0",
        promise:
          "One line of JSON a request in the log, without params (unless wanted), keys or addresses of nodes.",
        shownBy: {
          "proxy/operation": ["logs one line per request", "logs params when told to"],
          "agent/logs": ["is JSON lines only"],
          "e2e/secrets": ["is in no answer, page, metric or log"],
        },
      },
      {
        priority: "P0",
        promise: "Nothing that a node sends harms a worker, a Lambda or the status page.",
        shownBy: {
          "proxy/alone/fuzz": ["hostile answers of nodes"],
          "proxy/largeAnswers": ["are not taken apart"],
          "adapters/ethersNodeProber": [
            "never throws, whatever JSON a node sends",
            "gives up after the time it was given",
          ],
          "page/page": ["shows what a node says as text, and no secret"],
          "sockets/subscriptions": ["a node that talks nonsense is left"],
        },
      },
    ],
  },
];
