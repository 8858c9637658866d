import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { keccak256 } from "ethers";
import { describe, it } from "mocha";
import { type Behaviour, each, hangs, httpStatus, ok, resets, rpcError } from "../support/mockNode";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";
import { within } from "../support/within";

const raw = `0x02${"ab".repeat(400)}`;
const hash = keccak256(raw);
const send = request("eth_sendRawTransaction", [raw]);
const accepts = ok(hash);
const tooLow = rpcError(-32000, "nonce too low");

const slowly =
  (milliseconds: number, behaviour: Behaviour): Behaviour =>
  async (...received) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return behaviour(...received);
  };

/** Sends a request and disconnects as soon as it is written. */
async function sendAndLeave(port: number, body: string): Promise<void> {
  const client = net.connect({ port, host: "127.0.0.1", noDelay: true });
  const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  await new Promise<void>((resolve) => client.write(`${head}\r\n\r\n${body}`, () => resolve()));
  client.resetAndDestroy();
}

describe("eth_sendRawTransaction", () => {
  it("goes to all healthy nodes at once; the first acceptance answers", () => {
    let letGo = () => {};
    const answered = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const slow: Behaviour = async (...received) => {
      await answered;
      return accepts(...received);
    };
    return scene([slow, accepts, hangs], async ({ nginx, nodes }) => {
      const startedAt = Date.now();
      const answer = await nginx.post(send);
      assert.ok(Date.now() - startedAt < 1000, "before the time of an attempt is over");
      letGo();
      assert.deepEqual(answer.json, { jsonrpc: "2.0", id: 1, result: hash });
      for (const node of nodes) assert.deepEqual(node.received.length, 1);
      assert.match(
        (await nginx.control("/metrics")).text,
        /gateway_calls_total\{network="mainnet",method="eth_sendRawTransaction",node="n0000000000000002",outcome="ok",cache="none"\} 1\n/,
      );
      await until(async () => (await nginx.control("/metrics")).text.includes('failure="timeout"} 1\n'), {
        what: "the silent node is noticed although the client has its answer",
      });
    });
  });

  it("goes to at most four nodes, or as many as the setting says", async () => {
    await scene(Array(6).fill(accepts), async ({ nginx, nodes }) => {
      assert.equal((await nginx.post(send)).json.result, hash);
      await until(() => nodes.reduce((sum, { calls }) => sum + calls, 0) === 4, { what: "four calls" });
      assert.ok(nodes.every(({ calls }) => calls <= 1));
    });
    await scene(
      Array(3).fill(accepts),
      async ({ nginx, nodes }) => {
        assert.equal((await nginx.post(send)).json.result, hash);
        assert.equal(
          nodes.reduce((sum, { calls }) => sum + calls, 0),
          1,
        );
      },
      { settings: { broadcastNodes: 1 } },
    );
  });

  it("leaves the client's connection free while slower nodes are still at it", () =>
    scene(
      [accepts, hangs],
      async ({ nginx }) => {
        await within(500, async () => {
          const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
          const answer = await nginx.post(send, { agent });
          assert.notEqual(answer.headers.connection, "close");
          for (const method of ["eth_chainId", "net_version"]) await nginx.post(request(method), { agent });
          agent.destroy();
        });
      },
      // It stays among those that are asked.
      { settings: { attemptTimeoutSeconds: 10 } },
    ));

  it("succeeds when one node accepts it, whatever the others say of it", () =>
    scene(
      [tooLow, slowly(100, accepts), rpcError(-32000, "insufficient funds"), resets],
      async ({ nginx, nodes }) => {
        for (let i = 0; i < 3; i++) assert.equal((await nginx.post(send)).json.result, hash);
        assert.equal(nodes[0]!.calls, 3);
        assert.match((await nginx.control("/metrics")).text, /node="n0000000000000001"\} 1/);
      },
    ));

  it("fails with the caller's error once no node has accepted it", () =>
    scene([tooLow, slowly(50, tooLow), httpStatus(500)], async ({ nginx, nodes }) => {
      const answer = await nginx.post(send);
      assert.deepEqual([answer.status, answer.json.error.message], [200, "nonce too low"]);
      assert.deepEqual(
        nodes.map(({ calls }) => calls),
        [1, 1, 1],
      );
    }));

  it("does not wait long for a silent node when another has refused it", () =>
    scene(
      [tooLow, hangs],
      async ({ nginx }) => {
        const startedAt = Date.now();
        assert.equal((await nginx.post(send)).json.error.message, "nonce too low");
        assert.ok(Date.now() - startedAt < 1900);
      },
      { settings: { attemptTimeoutSeconds: 3 } },
    ));

  it("is not accepted by an answer that is no hash", () =>
    scene([ok(null), ok("0x".padEnd(100_000, "ab")), slowly(50, accepts)], async ({ nginx }) => {
      assert.equal((await nginx.post(send)).json.result, hash);
    }));

  it("goes on to further nodes when those it went to can't be asked", () =>
    scene(
      [httpStatus(503), resets, accepts, httpStatus(429)],
      async ({ nginx }) => {
        for (let i = 0; i < 6; i++) assert.equal((await nginx.post(send)).json.result, hash);
      },
      { settings: { broadcastNodes: 2 } },
    ));

  it("goes to the leader when nobody else is there, and says so when nobody took it", () =>
    scene(
      [httpStatus(503), accepts],
      async ({ nginx, nodes }) => {
        assert.equal((await nginx.post(send)).json.result, hash);
        nodes[1]!.reset(httpStatus(503));
        const failed = await nginx.post(send);
        assert.deepEqual([failed.status, failed.json.error.code], [502, -32603]);
        assert.match(String(failed.json.error.message), /2 tried.*HTTP error/);
      },
      { specs: [{}, { isLeader: true }] },
    ));

  for (const [what, body, calls] of [
    ["a call", JSON.stringify(send), 1],
    ["a batch", JSON.stringify([send, send]), 2],
  ] as const) {
    it(`is not stopped by the client's disconnect: ${what} sent by a client that leaves at once reaches every node`, () =>
      scene(
        [accepts, slowly(200, accepts), httpStatus(503), hangs],
        async ({ nginx, nodes }) => {
          const rounds = 25;
          for (let i = 0; i < rounds; i++) {
            for (const node of nodes) node.received.length = 0;
            await sendAndLeave(nginx.port, body);
            await until(() => nodes[0]!.calls === calls && nodes[1]!.calls === calls, {
              what: `both good nodes have what client ${i} sent`,
            });
          }
          await until(
            async () =>
              (await nginx.control("/metrics")).text.includes(
                `method="eth_sendRawTransaction",node="n0000000000000001",outcome="ok",cache="none"} ${rounds * calls}\n`,
              ),
            { what: "all are counted" },
          );
          assert.doesNotMatch(nginx.errorLog, /exception|rejection|handing/);
        },
        { settings: { halfOpenAfterSeconds: 30, attemptTimeoutSeconds: 2 } },
      ));
  }

  it("is not stopped when it has to go on to another node after the client has left", () =>
    scene(
      [slowly(150, httpStatus(500)), slowly(150, httpStatus(500)), accepts],
      async ({ nginx, nodes }) => {
        await sendAndLeave(nginx.port, JSON.stringify(send));
        await until(() => nodes[2]!.calls === 1, { what: "the good node has it" });
      },
      { settings: { broadcastNodes: 1 } },
    ));

  it("in a batch goes to several nodes too, in order, beside the other calls", () => {
    const raws = [1, 2, 3].map((n) => `0x02${String(n).repeat(200)}`);
    const answers: Behaviour = each(({ method, params }) => ({
      result:
        method === "eth_sendRawTransaction"
          ? keccak256((params as string[] | undefined)?.[0] ?? "0x00")
          : "0x7",
    }));
    return scene([answers, answers, httpStatus(500)], async ({ nginx, nodes }) => {
      const batch = [
        { jsonrpc: "2.0", id: "a", method: "eth_gasPrice", params: [] },
        ...raws.map((one, index) => ({
          jsonrpc: "2.0",
          id: index,
          method: "eth_sendRawTransaction",
          params: [one],
        })),
        { jsonrpc: "2.0", id: null, method: "eth_sendRawTransaction" },
      ];
      const { json, status } = await nginx.post(batch);
      assert.equal(status, 200);
      assert.deepEqual(
        (json as unknown as { id: unknown; result: unknown }[])
          .slice(0, 4)
          .map(({ id, result }) => [id, result]),
        [["a", "0x7"], ...raws.map((one, index) => [index, keccak256(one)])],
      );
      for (const node of nodes.slice(0, 2)) {
        const sent = node.received.map(({ text }) => text).find((text) => text.includes("sendRaw"))!;
        assert.deepEqual(
          (JSON.parse(sent) as { params?: string[] }[]).map(({ params }) => params?.[0]),
          [...raws, undefined],
        );
      }
    });
  });

  it("in a batch that a node refuses goes to that node one by one", () =>
    scene(
      [
        (received, ...rest) =>
          Array.isArray(received.json)
            ? { jsonrpc: "2.0", id: null, error: { code: -32600, message: "batches are not supported" } }
            : accepts(received, ...rest),
      ],
      async ({ nginx, nodes }) => {
        const { text } = await nginx.post([send, send]);
        assert.equal(text.split(hash).length, 3);
        assert.equal(nodes[0]!.received.length, 3);
      },
    ));

  it("as a notification is sent too", () =>
    scene([accepts, accepts], async ({ nginx, nodes }) => {
      const answer = await nginx.post({ jsonrpc: "2.0", method: "eth_sendRawTransaction", params: [raw] });
      assert.equal(answer.status, 204);
      await until(() => nodes.every(({ calls }) => calls === 1), { what: "both nodes have it" });
    }));

  it("keeps the way that it takes to itself", () =>
    scene([accepts], async ({ nginx, nodes }) => {
      const answer = await nginx.post([[raw]], { path: "/~send/mainnet" });
      assert.deepEqual([answer.status, answer.json.error.code], [404, -32600]);
      assert.equal(nodes[0]!.calls, 0);
    }));
});

describe("a method that is not idempotent", () => {
  const settings = { allowedMethods: ["eth_sendTransaction", "personal_*"] };
  for (const method of ["eth_sendTransaction", "eth_sendPrivateTransaction", "eth_sendUserOperation"]) {
    for (const [what, fault] of Object.entries({ resets, hangs, broken: httpStatus(500) })) {
      it(`is never sent twice (${method}, ${what})`, () =>
        scene(
          [fault, fault],
          async ({ nginx, nodes }) => {
            const one = request(method, [{}]);
            assert.equal((await nginx.post(one)).json.error.code, -32603);
            const batch = await nginx.post([one, request("eth_gasPrice")]);
            assert.equal(batch.status, 200);
            const sent = nodes
              .flatMap(({ received }) => received)
              .filter(({ text }) => text.includes(method));
            assert.equal(sent.length, 2);
          },
          { settings: { ...settings, attemptTimeoutSeconds: 0.2 } },
        ));
    }
  }

  it("is never sent twice when the node refuses its batch", () =>
    scene(
      [({ json }) => (Array.isArray(json) ? { jsonrpc: "2.0", id: null, result: "odd" } : undefined)],
      async ({ nginx, nodes }) => {
        nodes[0]!.behaviour = (received, ...rest) =>
          Array.isArray(received.json)
            ? '{"jsonrpc":"2.0","id":null,"result":1}'
            : ok("0x5")(received, ...rest);
        const one = request("eth_sendTransaction", [{}]);
        const { text } = await nginx.post([one, request("eth_gasPrice"), request("eth_gasPrice")]);
        assert.equal(text.split('"0x5"').length, 4);
        const sent = nodes[0]!.received.filter(({ text }) => text.includes("sendTransaction"));
        assert.deepEqual(sent.length, 1);
      },
      { settings },
    ));
});
