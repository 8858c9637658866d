import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { until } from "../support/poll";
import { upgradeByHand } from "./support/bareSocket";
import { type Client, Harness, StandIn } from "./support/harness";

const frames = 20_000;

/** Numbers from a seed, so that a failure can be repeated (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const seeds = [
  '{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}',
  '{"jsonrpc":"2.0","id":"x","method":"eth_subscribe","params":["logs",{"address":"0x00000000000000000000000000000000000000a1","topics":[null,["0x"]]}]}',
  '{"jsonrpc":"2.0","id":2,"method":"eth_unsubscribe","params":["0x00"]}',
  '{"jsonrpc":"2.0","id":3,"method":"eth_blockNumber","params":[]}',
  '[{"jsonrpc":"2.0","id":4,"method":"eth_subscribe","params":["newPendingTransactions",true]},{"jsonrpc":"2.0","id":5,"method":"eth_chainId"}]',
  `${"[".repeat(2000)}${"]".repeat(2000)}`,
  '{"id":1e400,"jsonrpc":"2.0","method":"\\ud800","params":{"a":[{}]}}',
];

function mutate(text: string, next: () => number): Buffer {
  const bytes = Buffer.from(text);
  const changes = Math.floor(next() * 4);
  for (let change = 0; change < changes; change++) {
    const at = Math.floor(next() * bytes.length);
    const kind = next();
    if (kind < 0.5) bytes[at] = Math.floor(next() * 256);
    else if (kind < 0.8) bytes.copy(bytes, at, Math.floor(next() * bytes.length));
    else return Buffer.concat([bytes.subarray(0, at), bytes.subarray(0, Math.floor(next() * bytes.length))]);
  }
  return bytes;
}

describe("hostile frames", () => {
  let proxy: StandIn;
  let harness: Harness;
  let bystander: Client;
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => rejections.push(reason);
  beforeEach(async () => {
    process.on("unhandledRejection", onRejection);
    proxy = await StandIn.start(() => "0x1");
    harness = await Harness.start({
      calls: { port: proxy.port },
      callTimeoutSeconds: 0.2,
      limits: { maxFrameBytes: 64 * 1024 },
    });
    bystander = await harness.connect();
  });
  afterEach(async () => {
    process.off("unhandledRejection", onRejection);
    await harness.stop();
    await proxy.stop();
    assert.deepEqual(rejections, []);
  });

  it(`${frames} mutated messages crash nothing, and others are served meanwhile`, async function () {
    this.timeout(120_000);
    const next = random(7);
    let client: Client | undefined;
    for (let sent = 0; sent < frames; sent++) {
      if (!client || client.closeCode !== undefined) client = await harness.connect();
      const frame = mutate(seeds[Math.floor(next() * seeds.length)]!, next);
      client.socket.send(frame, { binary: next() < 0.7 });
      if (sent % 500 === 499) {
        assert.equal((await bystander.call("eth_blockNumber")).result, "0x1");
        client.socket.terminate();
        client = undefined;
      }
    }
    assert.equal(bystander.closeCode, undefined);
    assert.equal((await bystander.call("eth_blockNumber")).result, "0x1");
    await until(() => harness.metric("gateway_sockets") === 1, { what: "the others are gone" });
  });

  it("broken WebSocket frames end their own socket only", async function () {
    this.timeout(60_000);
    const next = random(11);
    for (let round = 0; round < 300; round++) {
      const socket = await upgradeByHand(harness.sockets.server.port);
      socket.resume();
      const bytes = Buffer.from(
        Array.from({ length: 1 + Math.floor(next() * 200) }, () => Math.floor(next() * 256)),
      );
      socket.write(bytes);
      if (next() < 0.5) socket.resetAndDestroy();
      else socket.end();
    }
    await until(() => harness.metric("gateway_sockets") === 1, { what: "the others are gone" });
    assert.equal((await bystander.call("eth_blockNumber")).result, "0x1");
  });
});
