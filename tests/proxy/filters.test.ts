import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Behaviour, each, hangs, httpStatus, type MockNode, ok, resets } from "../support/mockNode";
import { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { nodeId } from "../support/pool";
import { request, scene } from "../support/scene";

const makers = ["eth_newFilter", "eth_newBlockFilter", "eth_newPendingTransactionFilter"];
const users = ["eth_getFilterChanges", "eth_getFilterLogs", "eth_uninstallFilter"];

/** A node with a filter of this id only; it tells its name as the changes. */
const withFilter = (id: string, name: string): Behaviour =>
  each(({ method, params }) => {
    if (makers.includes(method)) return { result: id };
    if (!users.includes(method)) return { result: "0x1" };
    const known = JSON.stringify(params) === JSON.stringify([id]);
    return known ? { result: [name] } : { error: { code: -32000, message: "filter not found" } };
  });

const nodesOf = (count: number, id = "0x1f"): Behaviour[] =>
  Array.from({ length: count }, (_, index) => withFilter(id, `node ${index}`));

async function make(nginx: Nginx, method = "eth_newFilter"): Promise<string> {
  const { json } = await nginx.post(request(method, method === "eth_newFilter" ? [{}] : []));
  return String(json.result);
}

/** Makes so many filters at once, and more until each of these nodes has made one. */
async function makeAt(nginx: Nginx, count: number, nodes: MockNode[]): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => make(nginx)));
  while (nodes.some(({ calls }) => calls === 0)) ids.push(await make(nginx));
  return ids;
}

const notFound = { code: -32000, message: "filter not found" };

describe("filters", () => {
  it("stay with the node that made them", () =>
    scene(nodesOf(3), async ({ nginx, nodes }) => {
      const made = new Map<string, string>();
      for (let i = 0; made.size < 3; i++) {
        const id = await make(nginx, makers[i % 3]!);
        // A quantity: no leading zeros.
        assert.match(id, /^0x[1-9a-f][0-9a-f]*$/);
        for (const method of users) {
          const { json } = await nginx.post(request(method, [id]));
          const name = String((json.result as unknown as string[])[0]);
          assert.equal(made.get(id) ?? name, name);
          made.set(id, name);
        }
      }
      assert.deepEqual([...made.values()].sort(), ["node 0", "node 1", "node 2"]);
      assert.ok(nodes.every(({ received }) => received.every(({ text }) => !text.includes('"0x11f'))));
    }));

  for (const own of ["0x0", "0x00ff", "0xABCDEF", `0x${"f".repeat(64)}`]) {
    it(`keep the node's own id, ${own.slice(0, 10)}, as it is`, () =>
      scene(nodesOf(2, own), async ({ nginx }) => {
        const id = await make(nginx);
        for (let i = 0; i < 4; i++) {
          const { json } = await nginx.post(request("eth_getFilterChanges", [id]));
          assert.match(JSON.stringify(json.result), /node/);
        }
      }));
  }

  it("stay with their node for any task of the service that gets the call", () =>
    scene(nodesOf(4), async ({ nginx, input }) => {
      const other = await Nginx.start({ ...input, nodes: [...input.nodes].reverse() }, { workers: 2 });
      try {
        for (let i = 0; i < 10; i++) {
          const id = await make(nginx);
          const ask = request("eth_getFilterLogs", [id]);
          const [here, there] = [await nginx.post(ask), await other.post(ask)];
          assert.match(here.text, /node \d/);
          assert.equal(there.text, here.text);
        }
      } finally {
        await other.stop();
      }
    }));

  it("are made and used inside batches too, beside other calls", () =>
    scene(nodesOf(3), async ({ nginx }) => {
      const ids: string[] = [];
      // Of two nodes at least: the id says which it is.
      while (ids.length < 8 || new Set(ids).size === 1) {
        const { json } = await nginx.post([request("eth_newFilter", [{}]), request("eth_gasPrice")]);
        ids.push(String((json as unknown as { result: string }[])[0]!.result));
      }
      const alone = new Map<string, string>();
      for (const id of ids) alone.set(id, (await nginx.post(request("eth_getFilterLogs", [id]))).text);
      const batch = ids.flatMap((id) => [request("eth_getFilterChanges", [id]), request("eth_gasPrice")]);
      const { json } = await nginx.post(batch);
      (json as unknown as object[]).forEach((answer, index) => {
        const want = index % 2 === 0 ? alone.get(ids[index / 2]!) : '{"jsonrpc":"2.0","id":1,"result":"0x1"}';
        assert.equal(JSON.stringify(answer), want);
      });
      assert.ok(new Set(alone.values()).size > 1);
    }));

  it("are still asked for at a node that is ejected", () =>
    scene(
      nodesOf(2),
      async ({ nginx, nodes }) => {
        const ids = await makeAt(nginx, 12, nodes.slice(0, 1));
        const mine = nodes[0]!.behaviour;
        nodes[0]!.reset(httpStatus(429));
        while (nodes[0]!.calls === 0) await nginx.post(request("eth_gasPrice"));
        assert.match(
          (await nginx.control("/metrics")).text,
          /in_rotation\{network="mainnet",node="n0000000000000001"\} 0/,
        );
        nodes[0]!.behaviour = mine;
        nodes[0]!.received.length = 0;
        for (const id of ids) {
          assert.match((await nginx.post(request("eth_getFilterLogs", [id]))).text, /node \d/);
        }
        assert.ok(nodes[0]!.calls > 0);
      },
      { settings: { halfOpenAfterSeconds: 30 } },
    ));

  it("of a node that is gone are not found, and no other node is asked", () =>
    scene(nodesOf(3), async ({ nginx, nodes, input }) => {
      const ids = await makeAt(nginx, 20, nodes.slice(0, 2));
      await nodes[0]!.close();
      for (const node of nodes) node.received.length = 0;
      const gone: string[] = [];
      for (const id of ids) {
        const answer = await nginx.post(request("eth_getFilterChanges", [id]));
        assert.equal(answer.status, 200);
        if (answer.json.error === undefined) continue;
        assert.deepEqual(answer.json.error, notFound);
        gone.push(id);
      }
      assert.ok(gone.length > 0 && gone.length < ids.length);
      const { nodes: registered } = input;
      await nginx.reload({ ...input, nodes: registered.slice(1), states: input.states.slice(1) });
      for (const id of gone) {
        assert.deepEqual((await nginx.post(request("eth_getFilterLogs", [id]))).json.error, notFound);
        const batch = await nginx.post([request("eth_uninstallFilter", [id]), request("eth_gasPrice")]);
        assert.match(batch.text, /filter not found.*"result":"0x1"/);
      }
      assert.equal(nodes[1]!.calls + nodes[2]!.calls, ids.length - gone.length + gone.length);
    }));

  it("are never asked for twice, nor at another node, when their node fails", () =>
    scene(
      nodesOf(2),
      async ({ nginx, nodes }) => {
        const id = await make(nginx);
        for (const [fault, code] of [
          [resets, -32603],
          [httpStatus(503), -32603],
          [hangs, -32000],
        ] as const) {
          for (const node of nodes) node.reset(fault);
          for (const method of ["eth_getFilterChanges", "eth_getFilterLogs"]) {
            for (const node of nodes) node.received.length = 0;
            const { json } = await nginx.post(request(method, [id]));
            assert.equal(json.error.code, code);
            const asked = nodes.filter(({ calls }) => calls > 0);
            assert.equal(asked.length, 1);
            const again = fault === resets && method === "eth_getFilterLogs";
            assert.equal(asked[0]!.calls, again ? 2 : 1);
          }
        }
      },
      { settings: { attemptTimeoutSeconds: 0.3, halfOpenAfterSeconds: 30 } },
    ));

  it("pass the node's own error on", () =>
    scene(nodesOf(2), async ({ nginx, nodes }) => {
      const id = await make(nginx);
      for (const node of nodes) node.reset(each(() => ({ error: notFound })));
      assert.deepEqual((await nginx.post(request("eth_getFilterChanges", [id]))).json.error, notFound);
      assert.equal(nodes[0]!.calls + nodes[1]!.calls, 1);
    }));

  it("with ids that were never handed out are not found, without asking a node", () =>
    scene(nodesOf(2), async ({ nginx, nodes }) => {
      const suffix = nodeId(0).slice(-8);
      for (const id of ["0x1", "", "abc", `0x1${suffix}`, `0x25${suffix}`, "0x15ffffffff"]) {
        assert.deepEqual((await nginx.post(request("eth_getFilterChanges", [id]))).json.error, notFound);
      }
      for (const params of [[], [1], [null], {}, [[]]]) {
        const { json, status } = await nginx.post(request("eth_uninstallFilter", params));
        assert.deepEqual([status, json.error.code], [200, -32602]);
      }
      assert.equal(nodes[0]!.calls + nodes[1]!.calls, 0);
    }));

  it("are made by another node when one gives no id", () =>
    scene([ok(null), ok("0xnothex"), ok(5), ...nodesOf(1)], async ({ nginx, nodes }) => {
      for (let i = 0; i < 12; i++) assert.match(await make(nginx), /^0x11f0{7}4$/);
      await until(() => nodes[3]!.calls >= 12, { what: "all are of the fourth" });
    }));
});
