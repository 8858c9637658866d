import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import { describe, it } from "mocha";
import { callsOf } from "../support/chainNode";
import { type Behaviour, each, hangs, ok, raw } from "../support/mockNode";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";

const kib = 1024;
const mib = 1024 * kib;
const logs = (bytes: number) =>
  Array.from({ length: Math.ceil(bytes / 100) }, (_, index) => ({
    data: "ab".repeat(40),
    index,
    topics: [],
  }));
const answer = (result: string) => `{"jsonrpc":"2.0","id":1,"result":${result}}`;
/** Without the two brackets at the end: what is left ends as if it were whole. */
const cut = (bytes: number) => raw(answer(JSON.stringify(logs(bytes))).slice(0, -2));

describe("large answers", () => {
  for (const bytes of [40 * kib, mib, 9 * mib]) {
    it(`of ${bytes} bytes arrive whole, and cut at a bracket they are not taken for whole`, () => {
      const result = JSON.stringify(logs(bytes));
      return scene([cut(bytes), raw(answer(result))], async ({ nginx, nodes }) => {
        while (nodes[0]!.calls === 0 || nodes[1]!.calls === 0) {
          assert.equal((await nginx.post(request("eth_getLogs"))).text, answer(result));
        }
      });
    });
  }

  it("arrive whole although their strings are full of brackets", () => {
    const text = answer(JSON.stringify(["[[{".repeat(4 * mib), '\\"']));
    return scene([raw(text)], async ({ nginx }) => {
      assert.equal((await nginx.post(request("eth_getLogs"))).text, text);
    });
  });
});

describe("answers of nothing but brackets", () => {
  const bomb = `[1${",[]".repeat(8 * mib)}]`;
  const error = `{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":${bomb}}}`;
  for (const [what, asked, text] of [
    ["a call", request("eth_call"), error],
    ["a batch", [request("eth_call", [1]), request("eth_call", [2])], bomb],
  ] as const) {
    it(`to ${what} are not taken apart: another node answers, soon and in little memory`, () =>
      scene([raw(text), ok("0x2")], async ({ nginx, nodes }) => {
        while (nodes[0]!.calls === 0) {
          const { text: got } = await nginx.post(asked);
          assert.doesNotMatch(got, /"error"/);
        }
        const status = readFileSync(`/proc/${nginx.workerPids()[0]}/status`, "utf8");
        const peakKib = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
        // The answer itself is there a few times: as nginx buffers it, as a string, cut out of it.
        assert.ok(peakKib < 250 * kib, `${peakKib} KiB`);
      }));
  }
});

describe("answers over the limit", () => {
  const settings = { wholeAnswerBytes: 16 * kib, maxAnswerBytes: 64 * kib };
  const text = answer(`"0x${"ab".repeat(100 * kib)}"`);
  const announced: Behaviour = (_received, response) => {
    response.setHeader("content-length", text.length);
    return text;
  };
  const unannounced: Behaviour = (_received, response) => {
    response.writeHead(200);
    response.write(text.slice(0, 5000));
    return text.slice(5000);
  };
  for (const [what, large] of Object.entries({ announced, unannounced })) {
    it(`are given by another node instead (${what})`, () =>
      scene(
        [large, ok("0x2")],
        async ({ nginx, nodes }) => {
          for (let i = 0; i < 20 || nodes[0]!.calls === 0; i++) {
            const { text: got } = await nginx.post(request("eth_getLogs"));
            assert.equal(got, answer('"0x2"'));
          }
          assert.equal(nodes[0]!.calls, 1);
          assert.match((await nginx.control("/metrics")).text, /failure="tooLarge"\} 1/);
        },
        { settings: { ...settings, halfOpenAfterSeconds: 60 } },
      ));

    it(`to calls that have none such happen once: the node is ejected, and watched from then on (${what})`, () =>
      scene(
        [large, ok("0x2")],
        async ({ nginx, nodes }) => {
          let lost = 0;
          const counts = async () => {
            const got = await nginx.post(request("eth_getBalance")).catch(() => undefined);
            if (got === undefined) lost++;
            else assert.equal(got.text, answer('"0x2"'));
          };
          for (let i = 0; i < 40 || lost === 0; i++) await counts();
          assert.deepEqual([lost, callsOf(nodes[0]!, "eth_getBalance").length], [1, 1]);
          const chain = each(({ method }) => (method === "eth_chainId" ? { result: "0x1" } : {}));
          let again = 0;
          nodes[0]!.behaviour = (received, response, socket) => {
            if (received.text.includes("eth_chainId")) return chain(received, response, socket);
            again++;
            return large(received, response, socket);
          };
          await until(() => counts().then(() => again >= 2), {
            what: "it is asked again, twice",
            deadlineMs: 8000,
          });
          assert.equal(lost, 1);
        },
        { settings: { ...settings, halfOpenAfterSeconds: 0.2, halfOpenMaxSeconds: 0.3 } },
      ));
  }

  it("are not blamed on a node when the client goes away", () =>
    scene([hangs, hangs], async ({ nginx }) => {
      for (let i = 0; i < 5; i++) {
        const client = net.connect(nginx.port, "127.0.0.1");
        const body = JSON.stringify(request("eth_getBalance"));
        client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
        client.resetAndDestroy();
      }
      assert.equal((await nginx.control("/nginx")).status, 200);
      assert.doesNotMatch((await nginx.control("/metrics")).text, /in_rotation\{.*\} 0/);
      assert.doesNotMatch(nginx.errorLog, /too large/);
    }));
});
