import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  blockTimeSeconds,
  NetworkListError,
  networkOfChain,
  networkTable,
  parseNetworkList,
} from "../../functions/domain/networkTable";

describe("networks", () => {
  it("are read from name=chainId lists", () => {
    assert.deepEqual(parseNetworkList(" mainnet=1, base = 8453,"), [
      { name: "mainnet", chainId: 1 },
      { name: "base", chainId: 8453 },
    ]);
    assert.deepEqual(parseNetworkList(""), []);
  });
  for (const text of [
    "mainnet",
    "mainnet=",
    "=1",
    "a=0",
    "a=-1",
    "a=01",
    "a=1.5",
    "a=0x1",
    "a=1=2",
    "A=1",
    "1=1",
    "a/b=1",
    "a;=1",
    "health=1",
    "a=99999999999999999",
    "a=1,a=2",
    "a=1,b=1",
  ]) {
    it(`are refused as ${text}`, () => assert.throws(() => parseNetworkList(text), NetworkListError));
  }
  it("have the names of well-known chains, else chain-<id>", () => {
    assert.equal(networkOfChain(1).name, "mainnet");
    assert.equal(networkOfChain(123456).name, "chain-123456");
  });
  it("have the default one first, and no two of a kind", () => {
    const mainnet = networkOfChain(1);
    assert.deepEqual(networkTable(mainnet, [networkOfChain(8453)]).defaultNetwork, "mainnet");
    assert.throws(() => networkTable(mainnet, [{ name: "x", chainId: 1 }]), NetworkListError);
  });
  it("take block times from the operator, else the faster of chain and setting", () => {
    const settings = { blockTimeSeconds: 12 };
    assert.equal(blockTimeSeconds({ name: "a", chainId: 42161 }, settings), 0.25);
    assert.equal(blockTimeSeconds({ name: "a", chainId: 42161, blockTimeSeconds: 3 }, settings), 3);
    assert.equal(blockTimeSeconds({ name: "a", chainId: 31337 }, { blockTimeSeconds: 0.1 }), 0.1);
  });
});
