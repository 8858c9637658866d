import assert from "node:assert/strict";
import { ethers } from "ethers";
import { after, afterEach, before, describe, it } from "mocha";
import { AnvilChain } from "../support/anvil";
import { type ClientFixture, furnish, outcome } from "../support/clientFixture";
import { type ClientLibrary, ethersLibrary, viemLibrary, web3Library } from "../support/clientLibraries";
import { FaultyNode } from "../support/faultyNode";
import { Gateway } from "../support/gateway";
import { until } from "../support/poll";

/** Of the mnemonic that anvil's accounts come from. */
const phrase = "test test test test test test test test test test test junk";

const libraries: Record<string, (url: string, fixture: ClientFixture) => ClientLibrary> = {
  "ethers, batching": (url, fixture) => ethersLibrary(url, fixture),
  "ethers, one by one": (url, fixture) => ethersLibrary(url, fixture, { batches: false }),
  "viem, one by one": (url, fixture) => viemLibrary(url, fixture),
  "viem, batching": (url, fixture) => viemLibrary(url, fixture, { batches: true }),
  "web3.js": (url, fixture) => web3Library(url, fixture),
};

const meantToFail = /^(.*reverts|.*is missing|eth_nothingLikeThis): /;

describe("clients, with a node killed half-way:", function () {
  this.timeout(60_000);
  let chain: AnvilChain;
  let nodes: FaultyNode[];
  let gateway: Gateway;
  let fixture: ClientFixture;
  /** A replica that the gateway does not know. */
  let reference: string;

  before(async () => {
    chain = await AnvilChain.start({ replicas: 4 });
    fixture = await furnish(chain);
    reference = chain.urls[3]!;
    nodes = await Promise.all(chain.urls.slice(0, 3).map((url) => FaultyNode.start(url)));
    gateway = await Gateway.start({ RPC_PROVIDERS_HTTP: nodes.map((node) => node.url).join(",") });
  });

  after(async () => {
    await gateway?.stop();
    await Promise.all((nodes ?? []).map((node) => node.close()));
    await chain?.stop();
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") console.error(gateway?.events);
  });

  Object.entries(libraries).forEach(([name, start], index) => {
    it(`${name}: about forty calls come to what a node itself says, and a transaction is sent`, async () => {
      await until(async () => (await gateway.status()).nodes.every((node) => node.in_pool), {
        what: "every node is in the pool",
      });
      const direct = start(reference, fixture);
      const through = start(gateway.url, fixture);
      const victim = nodes[index % nodes.length]!;
      try {
        const half = Math.floor(through.calls.length / 2);
        const run = (from: number, to: number) =>
          Promise.all(through.calls.slice(from, to).map(([, call]) => outcome(call)));
        const seen = await run(0, half);
        const [rest] = await Promise.all([run(half, through.calls.length), victim.down()]);
        seen.push(...rest, ...(await run(0, through.calls.length)));
        const expected: string[] = [];
        for (const [, call] of direct.calls) expected.push(await outcome(call));
        const named = (outcomes: string[]) =>
          outcomes.map((one, at) => `${through.calls[at % through.calls.length]![0]}: ${one}`);
        assert.deepEqual(named(seen), named([...expected, ...expected]));
        const failed = named(expected).filter((one) => /: failed: /.test(one) && !meantToFail.test(one));
        assert.deepEqual(failed, []);
        assert.ok(through.calls.length >= 40);
        await send(through, direct, index);
      } finally {
        through.close();
        direct.close();
        if (!victim.isUp) await victim.up();
      }
    });
  });

  async function send(through: ClientLibrary, direct: ClientLibrary, index: number): Promise<void> {
    const wallet = ethers.HDNodeWallet.fromPhrase(phrase, undefined, `m/44'/60'/0'/0/${index + 2}`);
    const raw = (await wallet.signTransaction({
      chainId: 31_337,
      nonce: 0,
      to: fixture.other,
      value: 1000 + index,
      gasLimit: 21_000,
      gasPrice: 10n ** 10n,
      type: 0,
    })) as `0x${string}`;
    const hash = ethers.keccak256(raw) as `0x${string}`;
    await through.send(raw);
    await chain.mine();
    const receipt = await until(() => through.receiptOf(hash), { what: "the transaction is in a block" });
    assert.deepEqual(receipt, await direct.receiptOf(hash));
  }
});
