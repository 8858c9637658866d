import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { hex } from "../support/chainNode";
import {
  account,
  asked,
  chainNode,
  finalHeight,
  hash,
  head,
  learnHead,
  post,
  settings,
} from "../support/keptAnswers";
import type { Behaviour, RpcCall } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";

/** Until so many clients wait for their answers; nginx counts the one who asks it as well. */
const untilUnderWay = (nginx: Nginx, calls: number) =>
  until(async () => Number(/Writing: (\d+)/.exec((await nginx.control("/nginx")).text)?.[1]) >= calls + 1, {
    what: `${calls} calls are under way`,
  });

describe("cache", () => {
  it("keeps historical state at blocks at least finalityDepth below the head", () =>
    scene(
      [chainNode({ head })],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        const first = await post(nginx, "eth_getStorageAt", [account, "0x0", hex(finalHeight)]);
        const second = await post(nginx, "eth_getStorageAt", [account, "0x0", hex(finalHeight)]);
        assert.deepEqual(second.json, first.json);
        assert.equal(asked(nodes[0]!, "eth_getStorageAt"), 1);
      },
      { settings },
    ));

  it("does not keep anything above finality as if it were final, nor a moving tag under its tag", () => {
    const state = { head };
    return scene(
      [chainNode(state)],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        const answers = new Set<string>();
        for (let i = 0; i < 60; i++) {
          answers.add((await post(nginx, "eth_getBalance", [account, "latest"])).text);
          answers.add((await post(nginx, "eth_getBalance", [account, hex(finalHeight + 1)])).text);
        }
        const before = asked(nodes[0]!, "eth_getBalance");
        assert.ok(before < 110, "what is asked often is kept while the head stands");
        state.head++;
        await until(
          async () => (await post(nginx, "eth_blockNumber", [])).json.result === (hex(state.head) as never),
          { what: "the head moves" },
        );
        await until(
          async () => !answers.has((await post(nginx, "eth_getBalance", [account, "latest"])).text),
          { what: "a new answer for the new head", deadlineMs: 3000 },
        );
      },
      { settings },
    );
  });

  it("never keeps errors, nulls, empty receipts, writes, filters", () => {
    const results: Record<string, (call: RpcCall) => unknown> = {
      eth_getTransactionByHash: () => null,
      eth_getBlockReceipts: () => [],
      eth_newFilter: () => "0x1",
      eth_sendRawTransaction: () => hash("cc"),
    };
    return scene(
      [chainNode({ head }, results)],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        for (let i = 0; i < 3; i++) {
          await post(nginx, "eth_getTransactionByHash", [hash("11")]);
          await post(nginx, "eth_getBlockReceipts", ["0x1"]);
          await post(nginx, "eth_newFilter", [{}]);
          await post(nginx, "eth_sendRawTransaction", ["0x02"]);
        }
        for (const method of Object.keys(results)) assert.ok(asked(nodes[0]!, method) >= 3, method);
      },
      { settings },
    );
  });

  it("keeps by-hash lookups and receipts once their block is final", () => {
    const at = (height: number) => (call: RpcCall) => ({
      transactionHash: (call.params as string[])[0],
      blockNumber: hex(height),
      status: "0x1",
    });
    const results = { eth_getTransactionReceipt: at(finalHeight), eth_getTransactionByHash: at(head) };
    return scene(
      [chainNode({ head }, results)],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        for (let i = 0; i < 3; i++) await post(nginx, "eth_getTransactionReceipt", [hash("22")]);
        assert.equal(asked(nodes[0]!, "eth_getTransactionReceipt"), 1);
        await post(nginx, "eth_getTransactionReceipt", [hash("23")]);
        assert.equal(asked(nodes[0]!, "eth_getTransactionReceipt"), 2);
      },
      { settings },
    );
  });

  it("does not keep a result that does not fit the question", () =>
    scene(
      [
        chainNode(
          { head },
          { eth_getTransactionReceipt: () => ({ transactionHash: hash("99"), blockNumber: "0x1" }) },
        ),
      ],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        for (let i = 0; i < 2; i++) await post(nginx, "eth_getTransactionReceipt", [hash("22")]);
        assert.equal(asked(nodes[0]!, "eth_getTransactionReceipt"), 2);
      },
      { settings },
    ));

  it("takes params for equal that differ in capitals, blanks and the order of members only", () =>
    scene(
      [chainNode({ head })],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        const texts = [
          `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"data":"0xab","to":"${account}"},"0x5"]}`,
          `{"jsonrpc":"2.0","id":2,"method":"eth_call","params":[{"to":"${account}","data":"0xab"},"0x5"]}`,
          `{"jsonrpc":"2.0","id":3,"method":"eth_call","params":[{"data":"0xAB","to":"${account.toUpperCase().replace("0X", "0x")}"},"0x5"]}`,
          `{"jsonrpc": "2.0", "id": 4, "method": "eth_call", "params": [{"data": "0xab", "to": "${account}"}, "0x5"]}`,
        ];
        for (const text of texts) assert.equal((await nginx.post(text)).status, 200);
        assert.equal(asked(nodes[0]!, "eth_call"), 1);
        await post(nginx, "eth_call", [{ data: "0xac", to: account }, "0x5"]);
        assert.equal(asked(nodes[0]!, "eth_call"), 2);
      },
      { settings },
    ));

  it("gives each caller its own id, byte for byte, also from the cache and inside batches", () =>
    scene(
      [chainNode({ head })],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        const params = `["${account}","0x7"]`;
        const { text } = await post(nginx, "eth_getCode", [account, "0x7"]);
        const result = /"result":.*(?=})/.exec(text)![0];
        for (const id of ["0", "-1", "1.50", "9007199254740993", '"ä\\u0041"', "null"]) {
          const body = `{"jsonrpc":"2.0","id":${id},"method":"eth_getCode","params":${params}}`;
          assert.equal((await nginx.post(body)).text, `{"jsonrpc":"2.0","id":${id},${result}}`);
          assert.equal((await nginx.post(`[${body}]`)).text, `[{"jsonrpc":"2.0","id":${id},${result}}]`);
        }
        assert.equal(asked(nodes[0]!, "eth_getCode"), 1);
      },
      { settings },
    ));

  it("answers the hits inside a batch locally; only the rest travels", () =>
    scene(
      [chainNode({ head })],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        await post(nginx, "eth_getCode", [account, "0x1"]);
        nodes[0]!.received.length = 0;
        const { json } = await nginx.post([
          request("eth_getCode", [account, "0x1"]),
          request("eth_getCode", [account, "0x2"]),
        ]);
        assert.equal((json as unknown as unknown[]).length, 2);
        assert.equal(asked(nodes[0]!, "eth_getCode"), 1);
        await nginx.post([request("eth_getCode", [account, "0x2"])]);
        assert.equal(asked(nodes[0]!, "eth_getCode"), 1);
      },
      { settings },
    ));

  it("makes one upstream call of N identical concurrent calls, and counts hits", () => {
    const inner = chainNode({ head });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: Behaviour = async (received, response, socket) => {
      if (!Array.isArray(received.json) && received.json.method === "eth_call") await held;
      return inner(received, response, socket);
    };
    return scene(
      [slow],
      async ({ nginx, nodes }) => {
        const calls = Array.from({ length: 20 }, (_, id) =>
          nginx.post({ ...request("eth_call", [{ to: account }, "latest"]), id }),
        );
        await untilUnderWay(nginx, 20);
        release();
        const answers = await Promise.all(calls);
        assert.equal(asked(nodes[0]!, "eth_call"), 1);
        assert.equal(new Set(answers.map(({ json }) => json.result)).size, 1);
        assert.deepEqual(
          answers.map(({ json }) => json.id),
          calls.map((_, id) => id),
        );
        const { text } = await nginx.control("/metrics");
        assert.match(text, /method="eth_call",node="",outcome="ok",cache="joined"\} 19\n/);
        assert.match(text, /method="eth_call",node="n\w+",outcome="ok",cache="miss"\} 1\n/);
      },
      { settings },
    );
  });

  it("hands an error that is the call's own to all who asked the same at the same time", () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const revert: Behaviour = async ({ json }) => {
      await held;
      return {
        jsonrpc: "2.0",
        id: (json as RpcCall).id,
        error: { code: 3, message: "execution reverted", data: "0x01" },
      };
    };
    return scene(
      [revert],
      async ({ nginx, nodes }) => {
        const calls = Array.from({ length: 5 }, () => post(nginx, "eth_call", [{ to: account }, "latest"]));
        await untilUnderWay(nginx, 5);
        release();
        const answers = await Promise.all(calls);
        assert.deepEqual(
          answers.map(({ json }) => json.error.code),
          [3, 3, 3, 3, 3],
        );
        assert.equal(asked(nodes[0]!, "eth_call"), 1);
      },
      { settings },
    );
  });

  it("answers those who wait although the client whose call was under way is gone", () => {
    const inner = chainNode({ head });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    return scene(
      [
        async (received, response, socket) => {
          await held;
          return inner(received, response, socket);
        },
      ],
      async ({ nginx, nodes }) => {
        const controller = new AbortController();
        const body = JSON.stringify(request("eth_call", [{ to: account }, "latest"]));
        const gone = fetch(nginx.url, { method: "POST", body, signal: controller.signal }).catch(() => {});
        await until(() => asked(nodes[0]!, "eth_call") === 1, { what: "the first call is under way" });
        const waiting = nginx.post(body);
        await untilUnderWay(nginx, 2);
        controller.abort();
        await gone;
        release();
        assert.equal((await waiting).status, 200);
      },
      { settings },
    );
  });

  it("is bounded: older answers make room", () =>
    scene(
      [chainNode({ head }, { eth_getCode: () => `0x${"00".repeat(20_000)}` })],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        for (let i = 0; i < 60; i++) {
          const { status, json } = await post(nginx, "eth_getCode", [account, hex(i)]);
          assert.deepEqual([status, (json.result as unknown as string).length], [200, 40_002]);
        }
        assert.equal(asked(nodes[0]!, "eth_getCode"), 60);
        assert.equal(/\[(alert|emerg|crit)\]/.test(nginx.errorLog), false, nginx.errorLog);
      },
      { settings: { cacheMegabytes: 1 } },
    ));
});
