import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, it } from "mocha";
import { type Behaviour, each, hangs, httpStatus, ok, resets, rpcError } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";

const mib = 1024 * 1024;
const allowedMethods = ["debug_*", "trace_*"];
const settings = { allowedMethods };
const trace = request("debug_traceBlock", ["0xf90211"]);

const later =
  (milliseconds: number, behaviour: Behaviour): Behaviour =>
  async (...received) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return behaviour(...received);
  };

/** Streams an answer of so many MiB, as fast as it is taken. */
const streams =
  (mebibytes: number, sent: { bytes: number; hash: string }, announced = false): Behaviour =>
  async (_received, response) => {
    const head = Buffer.from('{"jsonrpc":"2.0","id":1,"result":"0x');
    const chunk = Buffer.alloc(mib, "0123456789abcdef");
    const tail = Buffer.from('"}');
    const hash = createHash("sha1");
    const headers: http.OutgoingHttpHeaders = { "content-type": "application/json" };
    if (announced) headers["content-length"] = head.length + mebibytes * mib + tail.length;
    response.writeHead(200, headers);
    for (const part of [head, ...Array<Buffer>(mebibytes).fill(chunk), tail]) {
      hash.update(part);
      sent.bytes += part.length;
      if (!response.write(part)) await once(response, "drain");
    }
    sent.hash = hash.digest("hex");
    response.end();
    return undefined;
  };

/** Sends a request; the caller reads the answer. */
async function open(nginx: Nginx, body: unknown, headers = {}): Promise<http.IncomingMessage> {
  const call = http.request(nginx.url, { method: "POST", agent: false, headers });
  call.end(JSON.stringify(body));
  const [response] = (await once(call, "response")) as [http.IncomingMessage];
  return response;
}

const memoryMb = (nginx: Nginx, what: "VmHWM" | "VmRSS") => {
  const status = readFileSync(`/proc/${nginx.workerPids()[0]}/status`, "utf8");
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)![1]) / 1024;
};

/** User and system time of the worker; the kernel counts in hundredths. */
const cpuSeconds = (nginx: Nginx) => {
  const fields = readFileSync(`/proc/${nginx.workerPids()[0]}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

describe("heavy methods", () => {
  for (const [what, announced] of [
    ["of announced length", true],
    ["in chunks", false],
  ] as const) {
    it(`are streamed, not held in memory: 200 MB (${what}) pass with flat memory and for little CPU`, () => {
      const sent = { bytes: 0, hash: "" };
      return scene(
        [streams(200, sent, announced)],
        async ({ nginx }) => {
          await nginx.post(request("eth_gasPrice"));
          const before = memoryMb(nginx, "VmHWM");
          const cpuBefore = cpuSeconds(nginx);
          const startedAt = Date.now();
          const response = await open(nginx, trace);
          // A client that does not read holds the node up, not the memory.
          await new Promise((resolve) => setTimeout(resolve, 300));
          assert.ok(sent.bytes < 40 * mib, `${sent.bytes} bytes`);
          const hash = createHash("sha1");
          for await (const chunk of response) hash.update(chunk as Buffer);
          const tookMs = Date.now() - startedAt;
          assert.equal(hash.digest("hex"), sent.hash);
          // The machine may be busy; what the worker spends is steady.
          const cpu = cpuSeconds(nginx) - cpuBefore;
          assert.ok(tookMs < 10_000 && cpu < 2, `${tookMs} ms, ${cpu} s of CPU`);
          const grown = memoryMb(nginx, "VmHWM") - before;
          assert.ok(grown < 8, `${grown} MB`);
          if (process.env.SHOW_FIGURES) console.log({ tookMs, cpu, grown, before });
        },
        { settings },
      );
    });
  }

  it("fail over on transport faults and statuses", () =>
    scene(
      [
        ok("0x5"),
        resets,
        ...[301, 400, 401, 402, 403, 404, 429, 500, 503].map((status) => httpStatus(status)),
      ],
      async ({ nginx, nodes }) => {
        for (let i = 0; i < 8; i++) {
          const answer = await nginx.post({ ...trace, id: `x${i}` });
          assert.equal(answer.text, `{"jsonrpc":"2.0","id":"x${i}","result":"0x5"}`);
          assert.deepEqual(answer.headers["www-authenticate"], undefined);
        }
        assert.ok(nodes.reduce((sum, { calls }) => sum + calls, 0) > 8);
      },
      { settings },
    ));

  it("fail over when a node is dead, and go to the leader when nobody else is there", () =>
    scene(
      [ok("0x5"), ok("0x6"), ok("0x7")],
      async ({ nginx, nodes }) => {
        await nodes[0]!.close();
        for (let i = 0; i < 6; i++) assert.equal((await nginx.post(trace)).json.result, "0x6");
        await nodes[1]!.close();
        for (let i = 0; i < 3; i++) assert.equal((await nginx.post(trace)).json.result, "0x7");
        assert.match((await nginx.control("/metrics")).text, /in_rotation\{[^}]*0001"\} 0/);
      },
      { settings, specs: [{}, {}, { isLeader: true }] },
    ));

  it("fail with 502 or 504 when all nodes do", async () => {
    for (const [fault, status] of [
      [httpStatus(503), 502],
      [resets, 502],
      [hangs, 504],
    ] as const) {
      await scene(
        [fault, fault],
        async ({ nginx }) => {
          const answer = await nginx.post({ ...trace, id: "mine" });
          assert.deepEqual([answer.status, answer.json.error.code, answer.json.id], [status, -32603, "mine"]);
        },
        { settings: { ...settings, heavyTimeoutSeconds: 0.2, attemptTimeoutSeconds: 0.1 } },
      );
    }
  });

  it("pass on what nodes say of the call itself, whatever the status", async () => {
    const reverted = { code: 3, message: "execution reverted", data: "0x01" };
    for (const status of [200, 400, 500]) {
      const says: Behaviour = (received, response) => {
        response.statusCode = status;
        return JSON.stringify({ jsonrpc: "2.0", id: (received.json as { id: number }).id, error: reverted });
      };
      await scene(
        [says, says],
        async ({ nginx }) => {
          const answer = await nginx.post(trace);
          assert.deepEqual([answer.status, answer.json.error], [200, reverted]);
          assert.match(
            (await nginx.control("/metrics")).text,
            /method="debug_traceBlock",node="n000000000000000\d",outcome="error",cache="none"\} 1/,
          );
        },
        { settings },
      );
    }
  });

  it("go elsewhere once a node has said that it does not know the method", () =>
    scene(
      [rpcError(-32601, "the method does not exist"), ok("0x5"), ok("0x5")],
      async ({ nginx, nodes }) => {
        let failed = 0;
        for (let i = 0; i < 30 || nodes[0]!.calls === 0; i++) {
          if ((await nginx.post(request("trace_block", ["0x1"]))).json.error !== undefined) failed++;
        }
        assert.deepEqual([failed, nodes[0]!.calls], [1, 1]);
      },
      { settings },
    ));

  it("have time limits of their own", () =>
    scene(
      [later(700, ok("0x5"))],
      async ({ nginx }) => {
        assert.equal((await nginx.post(request("eth_gasPrice"))).status, 504);
        assert.equal((await nginx.post(trace)).json.result, "0x5");
        const batch = await nginx.post([
          trace,
          { jsonrpc: "2.0", id: 2.5, method: "trace_block", params: [] },
        ]);
        assert.equal(batch.text.split('"0x5"').length, 3);
        // Ids that a node might change do not go to it.
        const odd = '{"jsonrpc":"2.0","id":1.50,"method":"trace_block"}';
        assert.equal((await nginx.post(odd)).text, '{"jsonrpc":"2.0","id":1.50,"result":"0x5"}');
      },
      {
        settings: {
          ...settings,
          attemptTimeoutSeconds: 0.2,
          callTimeoutSeconds: 0.5,
          heavyTimeoutSeconds: 2,
        },
      },
    ));

  it("give the id back byte for byte, and get their calls as nodes expect them", () =>
    scene(
      [
        ({ text, url }, response) => {
          assert.equal(url, "/");
          const id = /"id":(.*?),"method"/.exec(text)![1];
          // As a node with a large answer does: piece by piece.
          response.write(`{"jsonrpc":"2.0","id":${id === "1" && !text.includes("plain") ? "1" : id}`);
          return `,"result":"0x1"}`;
        },
      ],
      async ({ nginx, nodes }) => {
        for (const id of [
          "0",
          "-7",
          '"x"',
          '"550e8400-e29b"',
          "123456789012345",
          "1e3",
          "0.10",
          "12345678901234567890",
          '"\\u0041"',
          "null",
        ]) {
          const answer = await nginx.post(
            `{"id":${id},"method":"eth_gasPrice","params":[12345678901234567890],"method":"trace_block","jsonrpc":"2.0"}`,
          );
          assert.equal(answer.text, `{"jsonrpc":"2.0","id":${id},"result":"0x1"}`);
        }
        for (const { text, headers } of nodes[0]!.received) {
          assert.match(
            text,
            /^\{"jsonrpc":"2\.0","id":[^,]*,"method":"trace_block","params":\[12345678901234567890\]\}$/,
          );
          assert.equal(headers["accept-encoding"], undefined);
        }
        const silent = await nginx.post({ jsonrpc: "2.0", method: "trace_block" });
        assert.equal(silent.status, 204);
      },
      { settings },
    ));

  it("keep headers of nodes from clients and those of clients from nodes", () =>
    scene(
      [
        (received, response) => {
          for (const name of [
            "Set-Cookie",
            "Server",
            "Access-Control-Allow-Origin",
            "X-Node",
            "X-Accel-Redirect",
            "Link",
          ])
            response.setHeader(name, "secret");
          response.setHeader("Content-Type", "text/html");
          return ok("0x5")(received, response, response.socket!);
        },
        httpStatus(401, "", { "www-authenticate": "Basic realm=secret" }),
      ],
      async ({ nginx, nodes }) => {
        const sent = {
          cookie: "a=b",
          authorization: "Bearer x",
          origin: "http://o",
          "x-forwarded-for": "1.2.3.4",
        };
        for (let i = 0; i < 4; i++) {
          const answer = await nginx.post(trace, { headers: sent });
          assert.equal(answer.status, 200);
          assert.doesNotMatch(JSON.stringify(answer.headers), /secret/);
          assert.deepEqual(
            [answer.headers["content-type"], answer.headers["access-control-allow-origin"]],
            ["application/json", "*"],
          );
        }
        for (const { rawHeaders } of nodes.flatMap(({ received }) => received)) {
          assert.doesNotMatch(rawHeaders.join(), /cookie|authorization|origin|forwarded/i);
        }
      },
      { settings },
    ));

  it("hide a key that a node's error quotes", () => {
    const key = "0123456789abcdefkey";
    return scene(
      [rpcError(-32000, `no access to /v3/${key}`)],
      async ({ nginx, nodes }) => {
        nodes[0]!.received.length = 0;
        const answer = await nginx.post(trace);
        assert.doesNotMatch(answer.text, new RegExp(key));
        assert.match(String(answer.json.error.message), /^no access to .*\*{10}/);
      },
      { settings, specs: [{ headers: { "x-api-key": key } }] },
    );
  });

  it("are compressed once for clients that ask, and not by the node", () => {
    const result = "0x".padEnd(200_000, "ab");
    return scene(
      [ok(result)],
      async ({ nginx, nodes }) => {
        const read = async (headers: Record<string, string>) => {
          const response = await open(nginx, trace, headers);
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          return { encoding: response.headers["content-encoding"], body: Buffer.concat(chunks), response };
        };
        const packed = await read({ "accept-encoding": "gzip" });
        assert.equal(packed.encoding, "gzip");
        assert.equal((JSON.parse(gunzipSync(packed.body).toString()) as { result: string }).result, result);
        const plain = await read({});
        assert.deepEqual([plain.encoding, plain.body.length > 200_000], [undefined, true]);
        nodes[0]!.behaviour = (_received, response) => {
          const body = gzipSync('{"jsonrpc":"2.0","id":1,"result":"0x5"}');
          response.writeHead(200, { "content-encoding": "gzip", "content-length": body.length });
          response.end(body);
          return undefined;
        };
        for (const headers of [{}, { "accept-encoding": "gzip" }] as Record<string, string>[]) {
          const refused = await read(headers);
          assert.equal(refused.response.statusCode, 502);
          assert.match(refused.body.toString(), /^\{"jsonrpc":"2.0","id":1,"error":\{"code":-32603,/);
        }
      },
      { settings },
    );
  });

  it("fail when they announce more than may be passed on", () =>
    scene(
      [streams(3, { bytes: 0, hash: "" }, true)],
      async ({ nginx }) => {
        const answer = await nginx.post(trace);
        assert.deepEqual([answer.status, answer.json.error.message], [502, "The answer is too large."]);
        assert.match((await nginx.control("/metrics")).text, /failure="tooLarge"\} 1/);
      },
      { settings: { ...settings, wholeAnswerBytes: mib, maxAnswerBytes: 2 * mib } },
    ));

  it("are counted by network, method, node and outcome, and logged like others", () =>
    scene(
      [ok("0x5"), httpStatus(500)],
      async ({ nginx, nodes }) => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        // Until the failing node has left: nginx closes the connection of a call that it has seen a 500 for.
        let traces = 0;
        for (; traces === 0 || (nodes[1]!.calls === 0 && traces < 100); traces++)
          await nginx.post(trace, { agent });
        assert.equal(nodes[1]!.calls, 1);
        await nginx.post(request("trace_block"), { agent });
        // The connection is free for the next call a moment after the answer.
        await until(() => Object.values(agent.freeSockets).flat().length === 1, {
          what: "the connection lives on",
        });
        agent.destroy();
        const { text } = await nginx.control("/metrics");
        for (const line of [
          `gateway_calls_total{network="mainnet",method="debug_traceBlock",node="n0000000000000001",outcome="ok",cache="none"} ${traces}`,
          'gateway_calls_total{network="mainnet",method="trace_block",node="n0000000000000001",outcome="ok",cache="none"} 1',
          `gateway_http_responses_total{status="200"} ${traces + 1}`,
          `gateway_node_answer_seconds_count{network="mainnet",node="n0000000000000001"} ${traces + 1}`,
        ]) {
          assert.ok(text.includes(`${line}\n`), line);
        }
        const [line] = await nginx.accessLog(traces + 1);
        const { network, method, outcome, node, status, params } = line!;
        assert.deepEqual(
          { network, method, outcome, node, status, params },
          {
            network: "mainnet",
            method: "debug_traceBlock",
            outcome: "ok",
            node: "n0000000000000001",
            status: 200,
            params: [["0xf90211"]],
          },
        );
        assert.match(String(line!.requestId), /^[0-9a-f]{12}(-\d+){3}$/);
      },
      { settings: { ...settings, logParams: true } },
    ));

  it("end at the node when the client leaves", () => {
    let left = false;
    return scene(
      [
        (_received, response, socket) => {
          response.write(`{"jsonrpc":"2.0","id":1,"result":"${"ab".repeat(100_000)}`);
          socket.once("close", () => (left = true));
          return undefined;
        },
      ],
      async ({ nginx }) => {
        (await open(nginx, trace)).destroy();
        await until(() => left, { what: "the node's connection is closed" });
        await until(async () => /outcome="failed"/.test((await nginx.control("/metrics")).text), {
          what: "it is counted",
        });
      },
      { settings },
    );
  });

  it("are answered by the only good one of many nodes", () =>
    scene(
      [...Array<Behaviour>(13).fill(httpStatus(500)), ok("0x5")],
      async ({ nginx }) => {
        for (let i = 0; i < 4; i++) assert.equal((await nginx.post(trace)).json.result, "0x5");
      },
      { settings },
    ));

  it("are those of the setting only, and not served unless allowed", () =>
    scene(
      [each(({ id }) => ({ result: id }))],
      async ({ nginx, nodes }) => {
        const mine = (method: string) => nginx.post({ jsonrpc: "2.0", id: "77", method, params: [] });
        assert.equal((await mine("debug_traceBlock")).json.error.code, -32601);
        // The node sees an id of ours, or the client's own.
        assert.equal((await mine("eth_getLogs")).json.result, 1);
        assert.equal((await mine("eth_getProof")).json.result, "77");
        for (const path of ["/~stream/n0000000000000001", "/~stream/x", "/+n0000000000000001"])
          assert.equal((await nginx.post(trace, { path })).status, 404);
        assert.equal(nodes[0]!.calls, 2);
      },
      { settings: { heavyMethods: ["eth_getProof"] } },
    ));
});
