import type { Area } from "./promise";

export const routingPromises: Area[] = [
  {
    title: "Routing and failover",
    promises: [
      {
        priority: "P0",
        promise:
          "As long as one node of the network can answer, the client has its answer: connections refused or reset, names and certificates that fail, silence, bad statuses, empty bodies, and what is no JSON-RPC lead to the next node.",
        shownBy: {
          "proxy/failover": ["asks another node when one", "serves from the leader alone"],
          "proxy/tls": ["another node answers"],
          "proxy/brokenFraming": ["cost one client its connection at most"],
          "proxy/largeAnswers": ["arrive whole, and cut at a bracket"],
          "e2e/failover": ["no client request fails while"],
          "e2e/chaos": ["no client request fails in"],
          "e2e/clients": ["with a node killed half-way"],
        },
      },
      {
        priority: "P0",
        promise: "A call's own errors come back unchanged, with their data, after one attempt.",
        shownBy: {
          "proxy/providerErrors": [
            "is own: passed on after one attempt",
            "is caller: passed on after one attempt",
            "errors own from all nodes is passed on unchanged",
          ],
        },
      },
      {
        priority: "P0",
        promise:
          "A node that lacks the data, or says `null` for what should be there, is not the last word: others are asked, and `null` is the answer when all say so.",
        shownBy: {
          "proxy/providerErrors": ["is missingData: another node is asked", "missingData from all nodes"],
          "proxy/failover": ["takes null for an answer only when all nodes say so"],
          "proxy/archive": ["are asked of every node before the error is passed on"],
        },
      },
      {
        priority: "P0",
        promise: "A failing node is out of the rotation within a second of its failures, in every worker.",
        shownBy: {
          "proxy/ejection": ["takes a failing node out after its first failure", "is known to all workers"],
          "e2e/failover": ["takes its last call within a second"],
        },
      },
      {
        priority: "P0",
        promise: "It comes back by itself, after a trial that is no client's call.",
        shownBy: {
          "proxy/ejection": ["brings a node back by itself", "tries it once a wait"],
          "proxy/chain": ["keeps an ejected node out while it is on another one"],
        },
      },
      {
        priority: "P0",
        promise:
          "What callers can bring about is not held against a node: their own errors never, others only once another node has answered the same call.",
        shownBy: {
          "proxy/ejection": [
            "does not count what a caller can bring about",
            "does not count errors of the call itself",
            "does not count what every node does with a call",
          ],
          "proxy/largeAnswers": ["are not blamed on a node when the client goes away"],
          "proxy/archive": ["is not what a caller's text makes of it"],
        },
      },
      {
        priority: "P0",
        promise: "With every node out, all are tried nevertheless, the leader last.",
        shownBy: {
          "proxy/ejection": ["tries ejected nodes anyway when all are"],
          "proxy/failover": ["uses the leader only after all other nodes"],
          "e2e/resilience": ["serves through the leader when every other node is dead"],
        },
      },
      {
        priority: "P0",
        promise:
          "When none has an answer: 502, or 504 if all ran out of time, with −32603, how many were tried and why in general words.",
        shownBy: {
          "proxy/failover": [
            "answers 502 and tells how many nodes were tried",
            "answers 504 when all nodes took too long",
          ],
          "proxy/heavy": ["fail with 502 or 504 when all nodes do"],
        },
      },
      {
        priority: "P0",
        promise: "Load follows weight and measured latency: equal nodes have equal shares, slow ones less.",
        shownBy: {
          "proxy/ejection": [
            "leaves equal nodes equal shares",
            "does not keep weights from counting",
            "is not needed for a slow node to get less",
          ],
        },
      },
      {
        priority: "P0",
        promise:
          "A node gets no more calls a second and at once than its plan allows; what is over goes to the next.",
        shownBy: { "proxy/limits": ["caps of a node's plan"] },
      },
      {
        priority: "P1",
        promise:
          "A method that one node does not know goes to others, and that node is spared it for a while.",
        shownBy: {
          "proxy/archive": ["another node, and remembered for a while", "unsupported here everywhere"],
          "proxy/heavy": ["go elsewhere once a node has said that it does not know the method"],
        },
      },
      {
        priority: "P1",
        promise: "Calls about old blocks go first to nodes that are known to have them.",
        shownBy: { "proxy/archive": ["prefer nodes known to have them", "go to nodes that have the block"] },
      },
      {
        priority: "P1",
        promise:
          "A call that may be repeated and takes unusually long is raced on a second node, for a bounded share of calls; writes never; a setting ends it.",
        shownBy: {
          "proxy/hedging": [
            "races an idempotent call",
            "makes at most its share",
            "sends nothing twice when it is switched off",
            "never races what must not be sent twice",
          ],
        },
      },
      {
        priority: "P1",
        promise: "Heavy methods have time limits of their own.",
        shownBy: { "proxy/heavy": ["have time limits of their own"] },
      },
      {
        priority: "P1",
        promise: "Answers of heavy methods flow through in flat memory, however large they are.",
        shownBy: { "proxy/heavy": ["heavy methods are streamed, not held in memory"] },
      },
      {
        priority: "P1",
        promise: "Single answers over 16 MiB of other methods flow through in flat memory too.",
        shownBy: {},
        open: "They are read whole, up to `maxAnswerBytes`, and judged, so that another node answers when they are cut off. Until they are passed on they take memory.",
      },
      {
        priority: "P1",
        promise:
          "Heavy methods go to another node after transport faults and bad statuses; what a node says is passed on.",
        shownBy: {
          "proxy/heavy": [
            "fail over on transport faults and statuses",
            "fail over when a node is dead",
            "pass on what nodes say of the call itself",
          ],
        },
      },
    ],
  },
];
