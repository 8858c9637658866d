import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, afterEach, before, describe, it } from "mocha";
import type { Replica } from "../../local/demo/replica";
import { AnvilChain } from "../support/anvil";
import { until } from "../support/poll";

interface Block {
  number: string;
  hash: string;
  transactions: string[];
}

function block(node: Replica, number: number): Promise<Block | null> {
  return node.call<Block | null>("eth_getBlockByNumber", `0x${number.toString(16)}`, false);
}

/** The hash of a block on every node given; fails unless it is one and the same. */
async function commonHash(nodes: Replica[], number: number): Promise<string> {
  const hashes = await Promise.all(nodes.map(async (node) => (await block(node, number))?.hash));
  assert.equal(new Set(hashes).size, 1, `hashes of block ${number}: ${hashes.join(", ")}`);
  return hashes[0]!;
}

describe("replicas of one chain", () => {
  let chain: AnvilChain;
  let accounts: string[];
  const send = (node: Replica, from: number) =>
    node.call<string>("eth_sendTransaction", { from: accounts[from], to: accounts[9], value: "0x1" });

  before(async () => {
    chain = await AnvilChain.start({ replicas: 3, genesisNumber: 1000 });
    accounts = await chain.nodes[0]!.call<string[]>("eth_accounts");
  });
  after(() => chain.stop());
  afterEach(async () => {
    for (const node of chain.nodes) {
      if (!node.alive) await chain.restart(node);
      if (node.paused) node.resume();
      await chain.setLag(node, 0);
    }
  });

  it("have the same blocks, hashes included", async () => {
    await chain.mine(5);
    assert.equal(chain.height, 1005);
    for (let number = 1000; number <= 1005; number++) await commonHash(chain.nodes, number);
  });

  it("mine a transaction that was sent to any one of them", async () => {
    const hashes = await Promise.all([
      send(chain.nodes[1]!, 0),
      send(chain.nodes[2]!, 1),
      send(chain.nodes[0]!, 2),
    ]);
    await chain.mine();
    await commonHash(chain.nodes, chain.height);
    const mined = await block(chain.nodes[2]!, chain.height);
    assert.deepEqual([...mined!.transactions].sort(), hashes.sort());
  });

  it("agree while transactions keep arriving everywhere", async () => {
    let stop = false;
    const clients = chain.nodes.map(async (node, index) => {
      while (!stop) {
        // Refused now and then, as its nonce is taken from a pool that is being rearranged.
        await send(node, index + 3).catch(() => {});
        await sleep(25);
      }
    });
    const pids = chain.nodes.map((node) => node.pid);
    const first = chain.height + 1;
    await chain.mine(20);
    stop = true;
    await Promise.all(clients);
    for (let number = first; number <= chain.height; number++) await commonHash(chain.nodes, number);
    assert.deepEqual(
      chain.nodes.map((node) => node.pid),
      pids,
      "none had to be started again",
    );
  });

  it("can be held back and let go", async () => {
    const [reference, laggard] = chain.nodes as [Replica, Replica];
    await chain.setLag(laggard, 11);
    await send(reference, 0);
    await chain.mine(20);
    assert.equal(await laggard.refreshHeight(), chain.height - 11);
    await chain.setLag(laggard, 0);
    assert.equal(await laggard.refreshHeight(), chain.height);
    await commonHash(chain.nodes, chain.height);
  });

  it("go on without one that is dead, which catches up when it comes back", async () => {
    const [victim, ...others] = chain.nodes as [Replica, ...Replica[]];
    const { url } = victim;
    await victim.kill();
    await assert.rejects(fetch(url));
    await send(others[0]!, 0);
    await chain.mine(3);
    await commonHash(others, chain.height);
    await chain.restart(victim);
    assert.equal(victim.url, url);
    await chain.mine();
    await commonHash(chain.nodes, chain.height);
    await commonHash(chain.nodes, chain.height - 3);
  });

  it("go on without one that hangs, which catches up when it goes on", async () => {
    const victim = chain.nodes[0]!;
    victim.pause();
    await assert.rejects(victim.call("eth_blockNumber"), { name: "TimeoutError" });
    await chain.mine(3);
    victim.resume();
    await chain.mine();
    await commonHash(chain.nodes, chain.height);
  });

  it("follow even one that was stopped behind our back", async () => {
    const victim = chain.nodes[0]!;
    process.kill(victim.pid, "SIGSTOP");
    const before = chain.height;
    await chain.mine(1);
    assert.equal(chain.height, before + 1);
    process.kill(victim.pid, "SIGCONT");
    await until(() => victim.usable, { what: "it is asked again" });
    await chain.mine(1);
    await commonHash(chain.nodes, chain.height);
  });

  it("can all be started again", async () => {
    await Promise.all(chain.nodes.map((node) => node.kill()));
    for (const node of chain.nodes) await chain.restart(node);
    await until(() => chain.nodes.every((node) => node.alive), { what: "all are alive" });
  });
});
