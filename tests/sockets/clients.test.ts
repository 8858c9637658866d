import assert from "node:assert/strict";
import { ethers } from "ethers";
import { after, before, describe, it } from "mocha";
import { createPublicClient, type Hex, webSocket } from "viem";
import { Web3 } from "web3";
import { until } from "../support/poll";
import { Stack, topicOf } from "./support/stack";

describe("clients over real nodes", function () {
  this.timeout(60_000);
  let stack: Stack;
  before(async () => {
    stack = await Stack.start({ replicas: 2 });
  });
  after(() => stack.stop());

  it("ethers: calls, heads, logs, pending transactions, unsubscribe", async () => {
    const provider = new ethers.WebSocketProvider(stack.harness.url);
    assert.equal((await provider.getNetwork()).chainId, 31337n);
    const heads: number[] = [];
    const logs: ethers.Log[] = [];
    const pending: string[] = [];
    const filter = { address: stack.logger, topics: [topicOf(1)] };
    await provider.on("block", (number: number) => heads.push(number));
    await provider.on(filter, (log: ethers.Log) => logs.push(log));
    await provider.on("pending", (hash: string) => pending.push(hash));
    const subscribed = (type: string) =>
      stack.harness.metric("gateway_subscriptions", `{network="mainnet",type="${type}"}`);
    await until(
      () => subscribed("newHeads") + subscribed("logs") + subscribed("newPendingTransactions") === 3,
      {
        what: "three subscriptions",
      },
    );
    await stack.log(topicOf(1));
    await stack.log(topicOf(2));
    await stack.chain.mine(3);
    const height = stack.chain.height;
    // Replicas don't gossip: the one that is the source may hear of them only with the block.
    await until(() => pending.length === 2, { what: "two pending transactions" });
    await until(() => heads.length === 3 && logs.length === 1, { what: "three heads and one log" });
    assert.deepEqual(heads, [height - 2, height - 1, height]);
    assert.equal(logs[0]!.topics[0], topicOf(1));
    assert.equal(logs[0]!.blockNumber, height - 2);
    assert.equal((await provider.getBlock(height))?.number, height);
    await provider.off("block");
    await provider.off(filter);
    await provider.off("pending");
    await until(
      () => subscribed("newHeads") + subscribed("logs") + subscribed("newPendingTransactions") === 0,
      {
        what: "no subscription",
      },
    );
    await provider.destroy();
  });

  it("viem: calls, batches, heads, logs, unwatch", async () => {
    const transport = webSocket(stack.harness.url, { reconnect: false });
    const client = createPublicClient({ transport });
    assert.equal(await client.getChainId(), 31337);
    const heads: bigint[] = [];
    const logs: (string | undefined)[] = [];
    const errors: Error[] = [];
    const onError = (error: Error) => errors.push(error);
    const unwatchHeads = client.watchBlocks({ onBlock: (block) => heads.push(block.number), onError });
    const unwatchLogs = client.watchEvent({
      address: stack.logger as Hex,
      onLogs: (seen) => logs.push(...seen.map(({ topics }) => topics[0])),
      onError,
    });
    const subscriptions = () =>
      stack.harness.metric("gateway_subscriptions", '{network="mainnet",type="newHeads"}') +
      stack.harness.metric("gateway_subscriptions", '{network="mainnet",type="logs"}');
    await until(() => subscriptions() === 2, { what: "two subscriptions" });
    await stack.log(topicOf(3));
    await stack.log(topicOf(4));
    await stack.chain.mine(2);
    await until(() => heads.at(-1) === BigInt(stack.chain.height) && logs.length === 2, {
      what: "two heads and two logs",
    });
    assert.deepEqual(logs, [topicOf(3), topicOf(4)]);
    // viem itself begins with the block that is the newest when it subscribes, which may be the first of the two.
    assert.deepEqual([...new Set(heads)].slice(-2), [
      BigInt(stack.chain.height - 1),
      BigInt(stack.chain.height),
    ]);
    const blocks = await Promise.all(heads.map((blockNumber) => client.getBlock({ blockNumber })));
    assert.deepEqual(
      blocks.map(({ number }) => number),
      heads,
    );
    unwatchHeads();
    unwatchLogs();
    await until(() => subscriptions() === 0, { what: "no subscription" });
    assert.deepEqual(errors, []);
    const rpc = await (
      client.transport as unknown as { getRpcClient(): Promise<{ close(): void }> }
    ).getRpcClient();
    rpc.close();
  });

  it("web3.js: calls, heads, logs, unsubscribe", async () => {
    const provider = new Web3.providers.WebsocketProvider(stack.harness.url);
    const web3 = new Web3(provider);
    assert.equal(await web3.eth.getChainId(), 31337n);
    const heads: unknown[] = [];
    const topics: unknown[] = [];
    const newHeads = await web3.eth.subscribe("newHeads");
    newHeads.on("data", (head) => void heads.push(head.number));
    const logs = await web3.eth.subscribe("logs", { address: stack.logger, topics: [topicOf(5)] });
    logs.on("data", (log) => void topics.push((log as { topics: string[] }).topics[0]));
    await stack.log(topicOf(5));
    await stack.log(topicOf(6));
    await stack.chain.mine(2);
    await until(() => heads.length === 2 && topics.length === 1, { what: "two heads and one log" });
    assert.deepEqual(heads, [BigInt(stack.chain.height - 1), BigInt(stack.chain.height)]);
    assert.deepEqual(topics, [topicOf(5)]);
    await newHeads.unsubscribe();
    await logs.unsubscribe();
    await until(() => stack.harness.metric("gateway_upstream_sockets", '{network="mainnet"}') === 0, {
      what: "the socket to the node is closed",
    });
    provider.disconnect();
  });

  it("a client notices nothing when the node behind its subscriptions is killed, hung, or behind", async () => {
    const client = await stack.harness.connect();
    const id = await client.subscribe("newHeads");
    const heads = () => client.resultsOf(id) as { number: string }[];
    const [first, second] = stack.chain.nodes as [
      (typeof stack.chain.nodes)[0],
      (typeof stack.chain.nodes)[0],
    ];
    let from = stack.chain.height;
    const misfortunes: (() => unknown)[] = [
      () => first.kill(),
      () => stack.chain.restart(first),
      () => second.pause(),
      () => second.resume(),
      () => stack.chain.setLag(first, 5),
      () => stack.chain.setLag(first, 0),
    ];
    for (const misfortune of misfortunes) {
      await misfortune();
      await stack.chain.mine(2);
      await until(() => Number(heads().at(-1)?.number) === stack.chain.height, { what: "the newest head" });
    }
    assert.deepEqual(
      heads().map(({ number }) => Number(number)),
      heads().map(() => ++from),
    );
    client.socket.close();
  });
});
