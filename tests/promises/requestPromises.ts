import type { Area } from "./promise";

export const requestPromises: Area[] = [
  {
    title: "Requests",
    promises: [
      {
        priority: "P0",
        promise:
          "Whatever the spelling of an `id` (zero, negative, fraction, too large for a double, text, null), its bytes come back, from nodes, batches and the cache alike.",
        shownBy: {
          "proxy/requests": ["requests gives back the id"],
          "proxy/batches": ["in order with the ids as sent"],
          "proxy/cache": ["gives each caller its own id, byte for byte"],
          "proxy/spellings": ["ids and params stay as they are"],
        },
      },
      {
        priority: "P0",
        promise:
          "No digit of params or results is lost, also of numbers beyond 2^53; a result of `null` stays one.",
        shownBy: {
          "proxy/requests": ["passes params digit for digit", "passes results digit for digit"],
          "proxy/failover": ["takes null for an answer only when all nodes say so"],
        },
      },
      {
        priority: "P0",
        promise: "Every answer is valid JSON-RPC 2.0, whatever clients send and nodes say.",
        shownBy: {
          "proxy/alone/fuzz": ["mutated requests: every one is answered well", "hostile answers of nodes"],
          "proxy/failover": ["stays valid JSON where a secret"],
        },
      },
      {
        priority: "P0",
        promise: "What is not JSON gets HTTP 400, −32700 and id null; no node sees it.",
        shownBy: {
          "proxy/requests": ["with −32700 and asks no node"],
          "proxy/spellings": ["what is no JSON reaches no node"],
        },
      },
      {
        priority: "P0",
        promise:
          "JSON that is no request gets HTTP 400, −32600 and the id if it has a readable one; no node sees it.",
        shownBy: { "proxy/requests": ["with −32600 and asks no node"] },
      },
      {
        priority: "P0",
        promise: "A notification (no `id`) gets HTTP 204 and nothing else, and travels on.",
        shownBy: {
          "proxy/requests": ["answers a notification with 204 and forwards it"],
          "proxy/batches": ["of notifications are answered with 204", "leave out notifications"],
          "proxy/writes": ["as a notification is sent too"],
        },
      },
      {
        priority: "P0",
        promise:
          "Methods that only an operator should call are closed from the start: HTTP 200 with −32601, however the name is spelt; all others are open.",
        shownBy: {
          "proxy/methods": ["of each closed family"],
          "proxy/requests": [
            "answers the closed method",
            "past the closed methods",
            "serves methods that nobody closed",
          ],
        },
      },
      {
        priority: "P0",
        promise: "A network can open and close methods of its own, with wildcards.",
        shownBy: { "proxy/methods": ["by a network's setting"] },
      },
      {
        priority: "P0",
        promise: "A body over the limit gets 413, announced or not.",
        shownBy: { "proxy/requests": ["answers a body over the limit with 413"] },
      },
      {
        priority: "P0",
        promise:
          "An answer over the limit does not get through: another node's is given, or an error, or it is cut off; its node is watched.",
        shownBy: {
          "proxy/largeAnswers": [
            "answers over the limit are given by another node",
            "happen once: the node is ejected",
          ],
          "proxy/heavy": ["fail when they announce more than may be passed on"],
        },
      },
      {
        priority: "P0",
        promise: "HTTP methods that make no sense here get 405 and `Allow`.",
        shownBy: { "proxy/requests": ["answers other HTTP methods with 405 and Allow"] },
      },
      {
        priority: "P0",
        promise: "JSON is read under any `Content-Type`, as careless clients need.",
        shownBy: { "proxy/requests": ["accepts bodies whatever their content type"] },
      },
      {
        priority: "P0",
        promise: "Browsers' preflights get 204; which origins may read answers is a setting, any by default.",
        shownBy: { "proxy/headers": ["of a preflight allow", "let only the origins of the setting"] },
      },
      {
        priority: "P0",
        promise: "Cookies, server names, CORS and connection headers of nodes stay behind the proxy.",
        shownBy: {
          "proxy/headers": ["of a node never reach a client"],
          "proxy/heavy": ["keep headers of nodes from clients"],
        },
      },
      {
        priority: "P0",
        promise:
          "No node sees a client's cookies, credentials, origin, host, encodings or forwarding headers.",
        shownBy: {
          "proxy/headers": ["of a client never reach a node"],
          "proxy/requestLog": ["takes a well-formed traceparent to the node and nothing else"],
        },
      },
      {
        priority: "P1",
        promise: "Clients that ask for gzip get it, applied once.",
        shownBy: {
          "proxy/headers": ["compress long answers"],
          "proxy/heavy": ["are compressed once for clients that ask"],
        },
      },
      {
        priority: "P1",
        promise: "Connections are kept alive.",
        shownBy: {
          "proxy/requests": ["keeps the connections of clients and to nodes"],
          "proxy/reload": ["fails no request of clients that keep their connections"],
        },
      },
      {
        priority: "P1",
        promise:
          "HTTP/2 where TLS is spoken: at the edge, which speaks HTTP/3 too. (The proxy's own port has no TLS; AWS's load balancer offers HTTP/2 by itself.)",
        shownBy: { "infra/components/address": ["CloudFront distribution caches nothing"] },
      },
    ],
  },
  {
    title: "Batches",
    promises: [
      {
        priority: "P0",
        promise:
          "A batch is answered in its order with its own ids, equal ones too; each call succeeds or fails alone, under HTTP 200.",
        shownBy: {
          "proxy/batches": [
            "are answered in order with the ids as sent",
            "let each element succeed or fail by itself",
            "report the failure of each element",
          ],
        },
      },
      {
        priority: "P0",
        promise: "An empty batch gets 400 and −32600, one over the limit 413: one object each.",
        shownBy: { "proxy/batches": ["are refused when empty or too long"] },
      },
      {
        priority: "P0",
        promise: "Blanks before the bracket don't hide a batch; a batch of notifications alone gets 204.",
        shownBy: {
          "proxy/batches": [
            "are answered in order with the ids as sent",
            "of notifications are answered with 204",
          ],
        },
      },
      {
        priority: "P0",
        promise:
          "What a node does to a batch (one object for all, another order, gaps, strange ids, no batches at all) stays hidden: what is missing is asked elsewhere.",
        shownBy: {
          "proxy/batches": [
            "are complete although a node",
            "are answered by a lone node that takes no batches",
          ],
        },
      },
      {
        priority: "P0",
        promise: "Kept answers are put into a batch on the spot; what is left over travels.",
        shownBy: { "proxy/cache": ["answers the hits inside a batch locally"] },
      },
      {
        priority: "P1",
        promise:
          "A large batch travels in shares, each to a node of its own as far as there are enough; a node that fails or is slow costs its own share a second try, no other.",
        shownBy: {
          "proxy/batches": [
            "are spread over the nodes when they are large",
            "ask elsewhere for the share of a node",
          ],
        },
      },
    ],
  },
];
