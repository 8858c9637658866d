import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, describe, it } from "mocha";
import { until } from "../support/poll";
import { clientFrame, upgradeByHand } from "./support/bareSocket";
import { type Client, Harness, type HarnessNode } from "./support/harness";
import { ScriptedChain, type ScriptedNode } from "./support/scriptedChain";

const addressA = `0x${"a1".repeat(20)}`;
const addressB = `0x${"b2".repeat(20)}`;

interface Head {
  number: string;
  hash: string;
  parentHash: string;
}
interface SeenLog {
  blockHash: string;
  address: string;
  removed: boolean;
}

/** Logs of a block of the test of slow readers, at least. */
const bytesPerBlock = 2000 * 250;

/** What the system itself may hold of a connection's data before the gateway has to. */
function kernelBytes(): number {
  const most = (name: string) => {
    try {
      return Number(readFileSync(`/proc/sys/net/ipv4/${name}`, "utf8").trim().split(/\s+/)[2]);
    } catch {
      return 32 * 1024 * 1024;
    }
  };
  return most("tcp_rmem") + most("tcp_wmem");
}

describe("subscriptions", () => {
  let chain: ScriptedChain;
  let harness: Harness;

  const start = async (nodes: number, { sockets = true } = {}) => {
    chain = await ScriptedChain.start(nodes);
    harness = await Harness.start({ calls: { port: chain.proxy.port }, nodes: pool(sockets) });
  };
  const pool = (sockets: boolean): HarnessNode[] =>
    chain.nodes.map(({ id, url }) => ({ id, ...(sockets ? { wsUrl: url } : {}) }));
  afterEach(async () => {
    await harness.stop();
    await chain.stop();
  });

  const heads = (client: Client, id: string) => client.resultsOf(id) as Head[];
  const upToHead = (client: Client, id: string) =>
    until(() => heads(client, id).at(-1)?.hash === chain.tip.hash, { what: "the newest head arrives" });
  const upstreamOf = () =>
    until(() => chain.nodes.find((node) => node.sockets === 1 && node.subscriptions > 0), {
      what: "a node is the source",
    });

  function assertLinked(seen: Head[]): void {
    seen.slice(1).forEach((head, index) => {
      assert.equal(head.parentHash, seen[index]!.hash, `block ${Number(head.number)} follows`);
    });
  }

  it("newHeads: one upstream subscription serves all sockets, each gets each block once and in order", async () => {
    await start(2);
    const clients = await Promise.all(Array.from({ length: 10 }, () => harness.connect()));
    const ids = await Promise.all(clients.map((client) => client.subscribe("newHeads")));
    const source = await upstreamOf();
    for (let blocks = 0; blocks < 5; blocks++) chain.mine();
    await Promise.all(clients.map((client, index) => upToHead(client, ids[index]!)));
    for (const [index, client] of clients.entries()) {
      assert.deepEqual(
        heads(client, ids[index]!).map(({ number }) => Number(number)),
        [1, 2, 3, 4, 5],
      );
      assertLinked(heads(client, ids[index]!));
    }
    assert.equal(source.subscriptions, 1);
    assert.equal(
      chain.nodes.reduce((sum, node) => sum + node.sockets, 0),
      1,
    );
    assert.equal(new Set(ids).size, 10);
  });

  it("upstream sockets close with their last user", async () => {
    await start(1);
    const client = await harness.connect();
    const [first, second] = [await client.subscribe("newHeads"), await client.subscribe("logs", {})];
    await upstreamOf();
    await client.call("eth_unsubscribe", [first]);
    assert.equal(chain.nodes[0]!.sockets, 1);
    await client.call("eth_unsubscribe", [second]);
    await until(() => chain.nodes[0]!.sockets === 0, { what: "the socket to the node is closed" });
    await client.subscribe("newHeads");
    await upstreamOf();
    client.socket.close();
    await until(() => chain.nodes[0]!.sockets === 0, { what: "the socket to the node is closed again" });
    const asked = chain.proxy.seen.length;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.ok(chain.proxy.seen.length - asked <= 1, "nothing is asked for nobody");
  });

  it("work over HTTP alone when no node offers sockets", async () => {
    await start(2, { sockets: false });
    const client = await harness.connect();
    const [headsId, logsId] = [
      await client.subscribe("newHeads"),
      await client.subscribe("logs", { address: addressA }),
    ];
    chain.mine([addressA]);
    chain.mine([addressB]);
    chain.mine([addressA, addressA]);
    await upToHead(client, headsId);
    assertLinked(heads(client, headsId));
    await until(() => client.resultsOf(logsId).length === 3, { what: "three logs" });
    assert.equal(
      chain.nodes.reduce((sum, node) => sum + node.sockets, 0),
      0,
    );
  });

  it("move to another node when theirs dies: no gap, no repeat, in order", async () => {
    await start(3);
    const client = await harness.connect();
    const id = await client.subscribe("newHeads");
    for (let round = 0; round < 4; round++) {
      const source = await upstreamOf();
      chain.mine();
      source.die();
      chain.mine();
      chain.mine();
      await upToHead(client, id);
      source.revive();
    }
    assert.equal(heads(client, id).length, 12);
    assertLinked(heads(client, id));
    assert.ok(harness.metric("gateway_source_switches_total", '{network="test",reason="closed"}') >= 4);
    assert.ok(harness.metric("gateway_gap_blocks_filled_total", '{network="test"}') >= 4);
  });

  it("move to another node when theirs falls behind, without missing a block meanwhile", async () => {
    await start(2);
    const client = await harness.connect();
    const id = await client.subscribe("newHeads");
    const source = await upstreamOf();
    source.silent = true;
    chain.mine();
    await upToHead(client, id);
    await until(() => source.sockets === 0, { what: "the silent node is left", deadlineMs: 15_000 });
    chain.mine();
    await upToHead(client, id);
    assertLinked(heads(client, id));
  });

  it("move when their node leaves the pool: what is not in the pool is no source", async () => {
    await start(2);
    const client = await harness.connect();
    const id = await client.subscribe("newHeads");
    const source = await upstreamOf();
    await harness.usePool(pool(true).filter((node) => node.id !== source.id));
    await until(() => source.sockets === 0, { what: "the drained node is left" });
    chain.mine();
    await upToHead(client, id);
    assert.equal((await upstreamOf()).id === source.id, false);
  });

  it("a node that talks nonsense is left", async () => {
    await start(2);
    const client = await harness.connect();
    const id = await client.subscribe("newHeads");
    for (const nonsense of ["}", JSON.stringify({ number: "0x1" }), "null", JSON.stringify([1])]) {
      const source: ScriptedNode = await upstreamOf();
      source.say(nonsense);
      await until(() => source.sockets === 0, { what: `${nonsense} is enough` });
    }
    chain.mine();
    await upToHead(client, id);
  });

  it("re-announce a reorganisation: heads are sent again, its logs come as removed", async () => {
    await start(2);
    const client = await harness.connect();
    const [headsId, logsId] = [
      await client.subscribe("newHeads"),
      await client.subscribe("logs", { address: addressA }),
    ];
    chain.mine([addressA]);
    const ancestor = chain.tip;
    const gone = [chain.mine([addressA, addressB]), chain.mine([addressA])];
    await upToHead(client, headsId);
    await until(() => client.resultsOf(logsId).length === 3, { what: "logs of the first chain" });
    const fresh = chain.reorganise(ancestor, [[addressA], [], [addressA]]);
    await upToHead(client, headsId);
    const seen = heads(client, headsId).map(({ hash }) => hash);
    assert.deepEqual(
      seen.slice(-3),
      fresh.map(({ hash }) => hash),
    );
    await until(() => client.resultsOf(logsId).length === 7, { what: "logs taken back and new ones" });
    const logs = (client.resultsOf(logsId) as SeenLog[]).slice(3);
    assert.deepEqual(
      logs.map(({ blockHash, removed }) => [blockHash, removed]),
      [
        [gone[1]!.hash, true],
        [gone[0]!.hash, true],
        [fresh[0]!.hash, false],
        [fresh[2]!.hash, false],
      ],
    );
    const late = await harness.connect();
    const lateId = await late.subscribe("logs", {});
    chain.reorganise(ancestor, [[], [], [], [addressB]]);
    await until(() => late.resultsOf(lateId).length === 1, { what: "the newcomer's first log" });
    assert.equal(
      (late.resultsOf(lateId)[0] as SeenLog).removed,
      false,
      "nothing is taken back that it never had",
    );
  });

  it("logs: equal filters share, different ones get theirs, one question a block for all", async () => {
    await start(2);
    const client = await harness.connect();
    const a = await client.subscribe("logs", { address: addressA.toUpperCase().replace("0X", "0x") });
    const same = await client.subscribe("logs", { address: [addressA], topics: [] });
    const b = await client.subscribe("logs", { address: addressB });
    const all = await client.subscribe("logs");
    chain.mine([addressA, addressB, addressA]);
    const asked = () => chain.proxy.count("eth_getLogs");
    await until(() => client.resultsOf(all).length === 3, { what: "all logs" });
    assert.equal(client.resultsOf(a).length, 2);
    assert.equal(client.resultsOf(same).length, 2);
    assert.equal(client.resultsOf(b).length, 1);
    assert.equal(asked(), 1);
    chain.mine([]);
    chain.mine([addressB]);
    await until(() => client.resultsOf(b).length === 2, { what: "the next log" });
    assert.equal(asked(), 2, "a block whose bloom is empty is not asked about");
  });

  it("logs: an empty answer of a node that does not have the block is not believed", async () => {
    await start(1);
    const client = await harness.connect();
    const id = await client.subscribe("logs", { address: addressA });
    chain.silentlyEmpty = 2;
    chain.mine([addressA]);
    await until(() => client.resultsOf(id).length === 1, { what: "the log" });
    chain.silentlyEmpty = 3;
    chain.failing = 1;
    chain.mine([addressA]);
    await until(() => client.resultsOf(id).length === 2, { what: "the second log" });
    assert.ok(harness.metric("gateway_log_retries_total", '{network="test"}') >= 5);
  });

  it("newPendingTransactions: hashes or whole, from a node's socket or by asking, each once", async () => {
    await start(2);
    const client = await harness.connect();
    const [hashes, whole] = [
      await client.subscribe("newPendingTransactions"),
      await client.subscribe("newPendingTransactions", true),
    ];
    const source = await upstreamOf();
    await until(() => source.subscriptions === 2, { what: "both upstream subscriptions" });
    chain.addPending("0x01");
    chain.addPending("0x02");
    await until(() => client.resultsOf(whole).length === 2, { what: "two whole transactions" });
    assert.deepEqual(client.resultsOf(hashes), ["0x01", "0x02"]);
    for (const node of chain.nodes) node.die();
    chain.addPending("0x03");
    await until(() => client.resultsOf(hashes).length === 3, { what: "the third, by asking" });
    assert.deepEqual(client.resultsOf(hashes), ["0x01", "0x02", "0x03"]);
    assert.equal(
      chain.nodes.reduce((sum, node) => sum + node.sockets, 0),
      0,
    );
  });

  it("a client that does not read its notifications is cut off, and nobody else", async () => {
    chain = await ScriptedChain.start(1);
    harness = await Harness.start({
      calls: { port: chain.proxy.port },
      nodes: pool(true),
      limits: { maxSocketQueueBytes: 64 * 1024 },
    });
    const reader = await harness.connect();
    const [readersHeads, readersLogs] = [await reader.subscribe("newHeads"), await reader.subscribe("logs")];
    const slow = await upgradeByHand(harness.sockets.server.port);
    slow.write(clientFrame('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["logs"]}'));
    await until(() => harness.metric("gateway_subscriptions", '{network="test",type="logs"}') === 2, {
      what: "the slow one is subscribed",
    });
    slow.pause();
    const cut = () => harness.metric("gateway_sockets_closed_total", '{reason="slow reader"}');
    for (let blocks = 1; cut() === 0; blocks++) {
      assert.ok(blocks < 10 + kernelBytes() / bytesPerBlock, "cut off before long");
      chain.mine(Array(2000).fill(addressA));
      await upToHead(reader, readersHeads);
      await until(() => reader.resultsOf(readersLogs).length === blocks * 2000, { what: "all logs" });
    }
    assert.equal(reader.closeCode, undefined);
    slow.destroy();
  });

  it("are ended with 1012 when their network is no longer served", async () => {
    await start(1);
    const client = await harness.connect();
    await client.subscribe("newHeads");
    const idle = await harness.connect();
    harness.options.network = { name: "other" };
    await harness.usePool(pool(true));
    await until(() => client.closeCode === 1012, { what: "the subscriber is told" });
    await until(() => chain.nodes[0]!.sockets === 0, { what: "the node's socket is closed" });
    assert.equal(idle.closeCode, undefined);
  });

  it("begin where the proxy says: a node's socket on another chain misleads nobody", async () => {
    await start(2);
    const other = await ScriptedChain.start(1, "another");
    other.mine();
    await harness.usePool([{ id: "stranger", wsUrl: other.nodes[0]!.url }]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    const client = await harness.connect();
    const id = await client.subscribe("newHeads");
    await until(() => other.nodes[0]!.subscriptions === 1, { what: "the stranger is the source" });
    for (let blocks = 0; blocks < 3; blocks++) {
      other.mine(["0x01"]);
      chain.mine();
      await upToHead(client, id);
    }
    assertLinked(heads(client, id));
    assert.equal(heads(client, id).length, 3);
    await other.stop();
  });

  it("syncing is accepted and quiet while the network is healthy", async () => {
    await start(1);
    const client = await harness.connect();
    const id = await client.subscribe("syncing");
    chain.mine();
    assert.equal((await client.call("eth_unsubscribe", [id])).result, true);
    assert.deepEqual(client.resultsOf(id), []);
  });

  it("a first subscription fails clearly when no node answers, and clients are told when news is lost for good", async () => {
    await start(1, { sockets: false });
    await harness.stop();
    harness = await Harness.start({ calls: { port: chain.proxy.port }, callTimeoutSeconds: 0.5 });
    chain.down = true;
    const client = await harness.connect();
    assert.equal((await client.call("eth_subscribe", ["newHeads"])).error?.code, -32603);
    chain.down = false;
    await client.subscribe("newHeads");
  });
});
