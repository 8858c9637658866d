import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { onChain } from "../support/chainNode";
import { Gateway } from "../support/gateway";
import { MockNode, type RpcCall } from "../support/mockNode";
import { until } from "../support/poll";

const node = onChain({
  height: 100,
  other: ({ method }) => (method === "eth_syncing" ? { result: false } : undefined),
});

/** A provider's plan, in the system as `npm start` runs it. */
describe("a node with monthly credits", function () {
  this.timeout(60_000);
  let limited: MockNode;
  let free: MockNode;
  let gateway: Gateway;
  before(async () => {
    [limited, free] = await Promise.all([MockNode.start(node), MockNode.start(node)]);
    gateway = await Gateway.start({ RPC_PROVIDERS_HTTP: `${limited.url},${free.url}` });
  });
  after(async () => {
    await gateway?.stop();
    await Promise.all([limited?.close(), free?.close()]);
  });

  const view = async () => (await gateway.node(limited.url))!;
  let nonce = 0;
  const call = async () => {
    const address = `0x${(++nonce).toString(16).padStart(40, "0")}`;
    assert.equal((await gateway.rpc("eth_getBalance", [address, "latest"])).status, 200);
  };

  it("takes calls until they are used up, over a restart too, and again with a larger plan; no call fails", async () => {
    const { id } = await view();
    await gateway.change(id, { monthly_credits: 100_000 });
    const counted = async () => (await view()).credits_used!;
    await until(
      async () => {
        for (let i = 0; i < 10; i++) await call();
        return (await counted()) >= 40;
      },
      { what: "calls are counted" },
    );
    await gateway.end();
    await gateway.launch();
    await until(async () => (await counted()) > 40, { what: "the count goes on" });
    const seen = await counted();
    assert.ok(seen <= limited.calls, `${seen} counted of ${limited.calls}`);

    await gateway.change(id, { monthly_credits: (await counted()) + 10 });
    await until(
      async () => {
        await call();
        const { reason, in_pool: isInPool } = await view();
        return reason === "out_of_credits" && !isInPool;
      },
      { what: "the credits are used up" },
    );
    const { credits_used: used, monthly_credits: limit, is_healthy: isHealthy } = await view();
    assert.ok(used! >= limit! && !isHealthy);
    const clientsCalls = () =>
      limited.received.filter(({ json }) => (json as RpcCall).method === "eth_getBalance").length;
    await until(
      async () => {
        const seen = clientsCalls();
        for (let i = 0; i < 20; i++) await call();
        return clientsCalls() === seen;
      },
      { what: "the node gets no call of a client any more" },
    );
    await gateway.change(id, { monthly_credits: 1_000_000 });
    await until(async () => (await view()).in_pool, { what: "the node is back" });
  });
});
