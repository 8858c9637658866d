import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { defaultSettings } from "../../functions/domain/settings";
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
import { each, type RpcCall } from "../support/mockNode";
import { njsDirectory } from "../support/nginx";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";

describe("what the cache keeps", () => {
  it("is for one network only", () =>
    scene(
      [
        chainNode({ head }, { eth_getCode: () => "0xaa" }),
        chainNode({ head }, { eth_getCode: () => "0xbb" }),
      ],
      async ({ nginx }) => {
        const code = (network: string) =>
          nginx.post(request("eth_getCode", [account, "0x1"]), { path: `/${network}` });
        const kept = async () => /eth_getCode[^}]*cache="hit"/.test((await nginx.control("/metrics")).text);
        await until(
          async () => {
            for (const network of ["mainnet", "base"]) {
              await nginx.post(request("eth_blockNumber"), { path: `/${network}` });
              assert.equal((await code(network)).json.result, network === "base" ? "0xbb" : "0xaa");
            }
            return kept();
          },
          { what: "answers are kept" },
        );
        for (const network of ["mainnet", "base", "1", "8453"]) {
          const expected = network === "base" || network === "8453" ? "0xbb" : "0xaa";
          assert.equal((await code(network)).json.result, expected);
        }
      },
      {
        settings,
        specs: [{}, { network: "base" }],
        rest: {
          networks: [
            { name: "mainnet", chainId: 1 },
            { name: "base", chainId: 8453 },
          ],
        },
      },
    ));

  it("counts as a hit in the metrics, alone and in a batch", () =>
    scene(
      [chainNode({ head })],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        const code = request("eth_getCode", [account, "0x1"]);
        for (let i = 0; i < 3; i++) await nginx.post(code);
        await nginx.post([code, code]);
        const { text } = await nginx.control("/metrics");
        assert.match(text, /method="eth_getCode",node="",outcome="ok",cache="hit"\} 4\n/);
        assert.match(text, /method="eth_getCode",node="n\w+",outcome="ok",cache="miss"\} 1\n/);
        assert.equal(asked(nodes[0]!, "eth_getCode"), 1);
      },
      { settings },
    ));

  it("is there for one block time at most when it depends on the head", () =>
    scene(
      [chainNode({ head })],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        const price = async () => (await post(nginx, "eth_gasPrice", [])).text;
        let last = "";
        let first = "";
        await until(
          async () => {
            first = last;
            last = await price();
            return first === last;
          },
          { what: "an answer is kept" },
        );
        const keptAt = Date.now();
        await until(async () => (await price()) !== last, { what: "it is asked for anew" });
        assert.ok(Date.now() - keptAt < 2000, `${Date.now() - keptAt} ms`);
      },
      { settings, rest: { networks: [{ name: "mainnet", chainId: 1, blockTimeSeconds: 1 }] } },
    ));

  it("never falls behind a head that was handed out", () => {
    const states = [{ head }, { head }, { head }];
    return scene(
      states.map((state) => chainNode(state)),
      async ({ nginx }) => {
        let highest = 0;
        const numberOf = async () => Number((await post(nginx, "eth_blockNumber", [])).json.result);
        const latest = async () =>
          Number((await post(nginx, "eth_getBlockByNumber", ["latest", false])).json.result.number);
        for (let i = 0; i < 150; i++) {
          states[i % 3]!.head = head + Math.floor(i / 10);
          for (const seen of await Promise.all([numberOf(), latest(), numberOf()]))
            assert.ok(seen >= highest, `${seen} after ${highest}`);
          highest = await numberOf();
        }
        assert.ok(highest > head);
      },
      { settings, workers: 2 },
    );
  });

  it("is no error, whoever's fault it is", () => {
    const failing = each(({ method, params }) => {
      if (method === "eth_blockNumber") return { result: hex(head) };
      if (method === "eth_getBalance") return { result: "0x7" };
      const code = (params as unknown[])[0] === "own" ? 3 : -32000;
      return { error: { code, message: code === 3 ? "execution reverted" : "something odd" } };
    });
    return scene(
      [failing],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        for (const what of ["own", "trouble"]) {
          const before = asked(nodes[0]!, "eth_call");
          for (let i = 0; i < 3; i++)
            assert.notEqual((await post(nginx, "eth_call", [what, "0x1"])).json.error, undefined);
          assert.equal(asked(nodes[0]!, "eth_call"), before + 3, what);
        }
      },
      { settings },
    );
  });

  it("is there for long by hash when its block is final, else for one block time", () => {
    const at = (call: RpcCall) => {
      const [asks] = call.params as string[];
      const number = hex(asks === hash("22") ? finalHeight : finalHeight + 1);
      return { hash: asks, number, blockNumber: number };
    };
    const methods = ["eth_getBlockByHash", "eth_getTransactionByHash"];
    return scene(
      [chainNode({ head }, Object.fromEntries(methods.map((method) => [method, at])))],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        for (const method of methods) {
          for (let i = 0; i < 3; i++) await post(nginx, method, [hash("22"), false]);
          assert.equal(asked(nodes[0]!, method), 1);
        }
        const [method] = methods;
        const isKept = async () => {
          const before = asked(nodes[0]!, method!);
          await post(nginx, method!, [hash("33"), false]);
          return asked(nodes[0]!, method!) === before;
        };
        await until(isKept, { what: "the younger one is kept for a while" });
        await until(async () => !(await isKept()), { what: "it is asked for anew", deadlineMs: 2000 });
        for (const one of methods) {
          const before = asked(nodes[0]!, one);
          await post(nginx, one, [hash("22"), false]);
          assert.equal(asked(nodes[0]!, one), before);
        }
      },
      { settings, rest: { networks: [{ name: "mainnet", chainId: 1, blockTimeSeconds: 1 }] } },
    );
  });

  it("is nothing when its memory fails: calls go to nodes, alone, together and in batches", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "njs-"));
    cpSync(await njsDirectory(), folder, { recursive: true });
    const main = readFileSync(path.join(folder, "main.js"), "utf8");
    const broken = main.replaceAll(/ngx\.shared\.(cache|flights)\b/g, "BROKEN");
    assert.equal(main.split("ngx.shared.").length - broken.split("ngx.shared.").length, 2);
    const throwing = ["add", "get", "set", "replace", "pop", "delete", "incr", "has"].map(
      (name) => `${name}() { throw new Error("no memory"); }`,
    );
    writeFileSync(path.join(folder, "main.js"), `const BROKEN = { ${throwing.join(", ")} };\n${broken}`);
    try {
      await scene(
        [chainNode({ head }, { eth_getCode: () => "0xaa" })],
        async ({ nginx, nodes }) => {
          await post(nginx, "eth_blockNumber", []);
          const code = request("eth_getCode", [account, "0x1"]);
          const answers = await Promise.all([1, 2, 3].map(() => nginx.post(code)));
          for (const { status, json } of answers) assert.deepEqual([status, json.result], [200, "0xaa"]);
          const batch = await nginx.post([code, code]);
          assert.equal(batch.text.split('"0xaa"').length, 3);
          assert.equal(asked(nodes[0]!, "eth_getCode"), 5);
        },
        { settings, script: folder },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is kept when no setting says otherwise", () =>
    scene(
      [chainNode({ head })],
      async ({ nginx, nodes }) => {
        await learnHead(nginx, nodes);
        for (let i = 0; i < 3; i++) await post(nginx, "eth_getCode", [account, "0x1"]);
        assert.equal(asked(nodes[0]!, "eth_getCode"), 1);
      },
      { settings: { cacheMegabytes: defaultSettings("aws").cacheMegabytes } },
    ));
});
