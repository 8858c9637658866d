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
      const witness = new Witness(stack);
      const upstream = await endure(stack, witness);
      assert.ok(upstream <= 1, `${upstream} sockets to nodes for ${1 + 1 + topics} distinct subscriptions`);
      await quiet(witness, watchers);
      for (const watcher of watchers) check(watcher, witness);
      const first = heads(watchers[0]!);
      const switches = stack.harness.sockets.metrics
        .text()
        .split("\n")
        .filter((line) => /^gateway_(source_switches|gap|reorg|log_retries|continuity)/.test(line));
      process.stdout.write(
        `      ${first.length} blocks, ${witness.logs.length} logs to ${sockets} sockets; ${switches.join(", ")}\n`,
      );
      assert.ok(first.length >= seconds, "the chain went on");
      assert.ok(witness.logs.length > seconds / 4, "there were logs");
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
async function endure(stack: Stack, witness: Witness): Promise<number> {
  const { chain, harness } = stack;
  let most = 0;
  const end = Date.now() + seconds * 1000;
  let nextMisfortune = Date.now() + misfortuneEveryMs / 2;
  let repair = async () => {};
  for (let round = 0, looks = 0; Date.now() < end; looks++) {
    most = Math.max(most, harness.metric("gateway_upstream_sockets", '{network="mainnet"}'));
    await sleep(50);
    await witness.readOn();
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

/**
 * What has happened, read block by block from nodes that are well while it happens: a node that was started again no longer knows the
 * logs of before.
 */
class Witness {
  readonly blocks = new Map<string, { number: number; parentHash: string }>();
  readonly logs: SeenLog[] = [];
  #next: number;

  constructor(readonly stack: Stack) {
    this.#next = stack.chain.height + 1;
  }

  /** Number of the last block that is known. */
  get last(): number {
    return this.#next - 1;
  }

  /** Reads on, as far as the chain is now. */
  async readOn(): Promise<void> {
    while (this.#next <= this.stack.chain.height && (await this.#read())) this.#next++;
  }

  async #read(): Promise<boolean> {
    for (const node of this.stack.chain.nodes) {
      if (!node.usable || (node.height ?? 0) < this.#next) continue;
      try {
        const block = await node.call<Head | null>(
          "eth_getBlockByNumber",
          `0x${this.#next.toString(16)}`,
          false,
        );
        if (!block) continue;
        const filter = { blockHash: block.hash, address: this.stack.logger };
        const logs = await node.call<SeenLog[]>("eth_getLogs", filter);
        this.blocks.set(block.hash, { number: this.#next, parentHash: block.parentHash });
        this.logs.push(...logs);
        return true;
      } catch {
        // Another one knows it.
      }
    }
    return false;
  }
}

/** Waits until everybody knows all that the witness knows. */
async function quiet(witness: Witness, watchers: Watcher[]): Promise<void> {
  await witness.readOn();
  const { last, logs } = witness;
  const transaction = logs.at(-1)?.transactionHash;
  await until(
    () =>
      watchers.every(
        (watcher) =>
          Number(heads(watcher).at(-1)?.number) >= last &&
          (watcher.client.resultsOf(watcher.allLogs) as SeenLog[]).some(
            (log) => log.transactionHash === transaction,
          ),
      ),
    { what: "everybody knows the newest block and log", deadlineMs: 30_000, everyMs: 100 },
  );
}

function heads({ client, heads: id }: Watcher): Head[] {
  return client.resultsOf(id) as Head[];
}

function check(watcher: Watcher, { blocks, logs, last: to }: Witness): void {
  const first = Math.min(...[...blocks.values()].map(({ number }) => number));
  // The witness began after everybody had subscribed.
  const seen = heads(watcher).filter(({ number }) => Number(number) >= first && Number(number) <= to);
  seen.forEach((head, index) => {
    assert.ok(blocks.has(head.hash), `block ${Number(head.number)} is on the chain`);
    if (index > 0)
      assert.equal(head.parentHash, seen[index - 1]!.hash, `block ${Number(head.number)} follows`);
  });
  assert.equal(Number(seen.at(-1)?.number), to);
  assert.equal(seen.length, blocks.size, "each block once");
  const name = (log: SeenLog) => `${log.blockHash} ${log.transactionHash} ${log.removed}`;
  const got = (id: string) =>
    (watcher.client.resultsOf(id) as SeenLog[])
      .filter(({ blockNumber }) => Number(blockNumber) >= first && Number(blockNumber) <= to)
      .map(name);
  assert.deepEqual(got(watcher.allLogs), logs.map(name));
  assert.deepEqual(got(watcher.someLogs), logs.filter((log) => log.topics[0] === watcher.topic).map(name));
}
