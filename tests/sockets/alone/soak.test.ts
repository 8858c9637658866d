import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "mocha";
import { until } from "../../support/poll";
import type { Client } from "../support/harness";
import { Stack, topicOf } from "../support/stack";

const soak = process.env.SOAK === "true" || process.env.SOAK === "1";
const seconds = soak ? 180 : 20;
const misfortuneEveryMs = soak ? 10_000 : 4_000;
const sockets = 200;
const topics = 3;

interface Head {
  number: string;
  hash: string;
  parentHash: string;
}
interface SeenLog {
  blockHash: string;
  blockNumber: string;
  transactionHash: string;
  topics: string[];
  removed: boolean;
}

/** What one client subscribed to. */
interface Watcher {
  client: Client;
  heads: string;
  allLogs: string;
  someLogs: string;
  topic: string;
}

describe("200 sockets with 3 subscriptions each", function () {
  this.timeout((seconds + 120) * 1000);

  it(`see every block and log once and in order while nodes die, hang, lag and come back for ${seconds} s`, async () => {
    const stack = await Stack.start({ replicas: 4, blockTimeMs: 500 });
    try {
      const watchers = await Promise.all(
        Array.from({ length: sockets }, (_, index) => watch(stack, topicOf(index % topics))),
      );
      const upstream = await endure(stack);
      assert.ok(upstream <= 1, `${upstream} sockets to nodes for ${1 + 1 + topics} distinct subscriptions`);
      const chain = await quiet(stack, watchers);
      for (const watcher of watchers) check(watcher, chain);
      const first = heads(watchers[0]!);
      const switches = stack.harness.sockets.metrics
        .text()
        .split("\n")
        .filter((line) => /^gateway_(source_switches|gap|reorg|log_retries|continuity)/.test(line));
      process.stdout.write(
        `      ${first.length} blocks, ${chain.logs.length} logs to ${sockets} sockets; ${switches.join(", ")}\n`,
      );
      assert.ok(first.length >= seconds, "the chain went on");
      assert.ok(chain.logs.length > seconds / 4, "there were logs");
    } finally {
      await stack.stop();
    }
  });
});

async function watch(stack: Stack, topic: string): Promise<Watcher> {
  const client = await stack.harness.connect();
  return {
    client,
    topic,
    heads: await client.subscribe("newHeads"),
    allLogs: await client.subscribe("logs", { address: stack.logger }),
    someLogs: await client.subscribe("logs", { address: stack.logger, topics: [topic] }),
  };
}

/**
 * One misfortune after the other, one node at a time, and a log now and then.
 * @returns the most sockets to nodes that were open at once
 */
async function endure(stack: Stack): Promise<number> {
  const { chain, harness } = stack;
  let most = 0;
  const end = Date.now() + seconds * 1000;
  let nextMisfortune = Date.now() + misfortuneEveryMs / 2;
  let repair = async () => {};
  for (let round = 0, looks = 0; Date.now() < end; looks++) {
    most = Math.max(most, harness.metric("gateway_upstream_sockets", '{network="mainnet"}'));
    await sleep(50);
    if (looks % 8 === 0) await stack.log(topicOf(looks % topics));
    if (Date.now() < nextMisfortune) continue;
    nextMisfortune += misfortuneEveryMs;
    await repair();
    const node = chain.nodes[round % chain.nodes.length]!;
    switch (round++ % 3) {
      case 0:
        await node.kill();
        repair = () => chain.restart(node);
        break;
      case 1:
        node.pause();
        repair = async () => node.resume();
        break;
      default:
        await chain.setLag(node, 8);
        repair = () => chain.setLag(node, 0);
    }
  }
  await repair();
  return most;
}

interface Expected {
  blocks: Map<string, { number: number; parentHash: string }>;
  logs: SeenLog[];
  /** Number of the last block that is looked at; the chain goes on. */
  to: number;
}

/** Ends the misfortunes, waits until everybody knows the last block, and reads what has happened from a node. */
async function quiet(stack: Stack, watchers: Watcher[]): Promise<Expected> {
  const node = stack.chain.nodes[0]!;
  let tip = "";
  await until(
    async () => {
      tip = (await node.call<Head>("eth_getBlockByNumber", "latest", false)).hash;
      return watchers.every((watcher) => heads(watcher).at(-1)?.hash === tip);
    },
    { what: "everybody knows the newest block", deadlineMs: 30_000, everyMs: 100 },
  );
  const from = Math.min(...watchers.map((watcher) => Number(heads(watcher)[0]!.number)));
  const to = Number((await node.call<Head>("eth_getBlockByHash", tip, false)).number);
  const blocks: Expected["blocks"] = new Map();
  for (let number = from; number <= to; number++) {
    const block = await node.call<Head>("eth_getBlockByNumber", `0x${number.toString(16)}`, false);
    blocks.set(block.hash, { number, parentHash: block.parentHash });
  }
  const range = {
    address: stack.logger,
    fromBlock: `0x${from.toString(16)}`,
    toBlock: `0x${to.toString(16)}`,
  };
  const logs = await node.call<SeenLog[]>("eth_getLogs", range);
  const last = logs.at(-1);
  if (last) {
    await until(
      () =>
        watchers.every(({ client, allLogs }) =>
          (client.resultsOf(allLogs) as SeenLog[]).some(
            ({ transactionHash }) => transactionHash === last.transactionHash,
          ),
        ),
      { what: "everybody has the last log", deadlineMs: 30_000, everyMs: 100 },
    );
  }
  return { blocks, logs, to };
}

function heads({ client, heads: id }: Watcher): Head[] {
  return client.resultsOf(id) as Head[];
}

function check(watcher: Watcher, { blocks, logs, to }: Expected): void {
  const seen = heads(watcher).filter(({ number }) => Number(number) <= to);
  seen.forEach((head, index) => {
    assert.ok(blocks.has(head.hash), `block ${Number(head.number)} is on the chain`);
    if (index > 0)
      assert.equal(head.parentHash, seen[index - 1]!.hash, `block ${Number(head.number)} follows`);
  });
  assert.equal(Number(seen.at(-1)?.number), to);
  const from = Number(seen[0]!.number);
  const after = logs.filter(({ blockNumber }) => Number(blockNumber) >= from);
  const name = (log: SeenLog) => `${log.blockHash} ${log.transactionHash} ${log.removed}`;
  const got = (id: string) =>
    (watcher.client.resultsOf(id) as SeenLog[])
      .filter(({ blockNumber }) => Number(blockNumber) >= from && Number(blockNumber) <= to)
      .map(name);
  assert.deepEqual(got(watcher.allLogs), after.map(name));
  assert.deepEqual(got(watcher.someLogs), after.filter((log) => log.topics[0] === watcher.topic).map(name));
}
