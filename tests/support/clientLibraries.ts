import { ethers } from "ethers";
import { createPublicClient, http } from "viem";
import { Web3 } from "web3";
import { type ClientFixture, plainCalls } from "./clientFixture";

type NamedCall = [name: string, call: () => PromiseLike<unknown>];

/** A library as its users set it up, speaking to one address. */
export interface ClientLibrary {
  calls: NamedCall[];
  send(rawTransaction: `0x${string}`): Promise<unknown>;
  receiptOf(hash: `0x${string}`): Promise<unknown>;
  close(): void;
}

export function ethersLibrary(url: string, f: ClientFixture, { batches = true } = {}): ClientLibrary {
  // No cache: each call is to travel.
  const p = new ethers.JsonRpcProvider(url, undefined, {
    cacheTimeout: -1,
    ...(batches ? {} : { batchMaxCount: 1 }),
  });
  return {
    calls: [
      ["getNetwork", async () => (await p.getNetwork()).chainId],
      ["getBlockNumber", () => p.getBlockNumber()],
      ["getBlock latest", () => p.getBlock("latest")],
      ["getBlock by number", () => p.getBlock(f.block)],
      ["getBlock by hash", () => p.getBlock(f.blockHash)],
      ["getBlock with transactions", () => p.getBlock(f.block, true)],
      ["getBlock that is missing", () => p.getBlock(f.missing)],
      ["getBalance", () => p.getBalance(f.account)],
      ["getBalance at a block", () => p.getBalance(f.account, f.block)],
      ["getTransactionCount", () => p.getTransactionCount(f.account)],
      ["getCode", () => p.getCode(f.logger)],
      ["getStorage", () => p.getStorage(f.logger, 0)],
      ["getFeeData", () => p.getFeeData()],
      ["call", () => p.call({ to: f.answerer })],
      ["call that reverts", () => p.call({ to: f.reverter })],
      ["estimateGas", () => p.estimateGas({ from: f.account, to: f.logger, data: f.topic })],
      ["estimateGas that reverts", () => p.estimateGas({ from: f.account, to: f.reverter })],
      ["getTransaction", () => p.getTransaction(f.hash)],
      ["getTransaction that is missing", () => p.getTransaction(f.missing)],
      ["getTransactionReceipt", () => p.getTransactionReceipt(f.hash)],
      ["getTransactionReceipt that is missing", () => p.getTransactionReceipt(f.missing)],
      ["getLogs of a block", () => p.getLogs({ blockHash: f.blockHash })],
      ["getLogs of a range", () => p.getLogs({ fromBlock: 0, toBlock: "latest", address: f.logger })],
      ["getLogs by topic", () => p.getLogs({ fromBlock: f.block, topics: [f.topic] })],
      ["waitForTransaction", () => p.waitForTransaction(f.hash)],
      ...plainCalls(f).map(([method, params]): NamedCall => [method, () => p.send(method, params)]),
    ],
    send: (raw) => p.broadcastTransaction(raw),
    receiptOf: (hash) => p.send("eth_getTransactionReceipt", [hash]),
    close: () => p.destroy(),
  };
}

export function viemLibrary(url: string, f: ClientFixture, { batches = false } = {}): ClientLibrary {
  // No second try: what fails is to be seen.
  const c = createPublicClient({ transport: http(url, { batch: batches, retryCount: 0 }), cacheTime: 0 });
  const request = c.request as (call: { method: string; params: unknown[] }) => Promise<unknown>;
  const blockNumber = BigInt(f.block);
  return {
    calls: [
      ["getChainId", () => c.getChainId()],
      ["getBlockNumber", () => c.getBlockNumber()],
      ["getBlock", () => c.getBlock()],
      ["getBlock by number", () => c.getBlock({ blockNumber, includeTransactions: true })],
      ["getBlock by hash", () => c.getBlock({ blockHash: f.blockHash })],
      ["getBlock that is missing", () => c.getBlock({ blockHash: f.missing })],
      ["getBlockTransactionCount", () => c.getBlockTransactionCount({ blockNumber })],
      ["getBalance", () => c.getBalance({ address: f.account })],
      ["getBalance at a block", () => c.getBalance({ address: f.account, blockNumber })],
      ["getTransactionCount", () => c.getTransactionCount({ address: f.account })],
      ["getCode", () => c.getCode({ address: f.logger })],
      ["getStorageAt", () => c.getStorageAt({ address: f.logger, slot: "0x0" })],
      ["getProof", () => c.getProof({ address: f.account, storageKeys: [] })],
      ["getGasPrice", () => c.getGasPrice()],
      ["estimateFeesPerGas", () => c.estimateFeesPerGas()],
      ["getFeeHistory", () => c.getFeeHistory({ blockCount: 2, rewardPercentiles: [10] })],
      ["call", () => c.call({ to: f.answerer })],
      ["call that reverts", () => c.call({ to: f.reverter })],
      ["estimateGas", () => c.estimateGas({ account: f.account, to: f.logger, data: f.topic })],
      ["getTransaction", () => c.getTransaction({ hash: f.hash })],
      ["getTransaction by index", () => c.getTransaction({ blockHash: f.blockHash, index: 0 })],
      ["getTransaction that is missing", () => c.getTransaction({ hash: f.missing })],
      ["getTransactionReceipt", () => c.getTransactionReceipt({ hash: f.hash })],
      ["waitForTransactionReceipt", () => c.waitForTransactionReceipt({ hash: f.hash })],
      ["getLogs", () => c.getLogs({ fromBlock: 0n, address: f.logger })],
      ["getLogs of a block", () => c.getLogs({ blockHash: f.blockHash })],
      ...plainCalls(f).map(([method, params]): NamedCall => [method, () => request({ method, params })]),
    ],
    send: (serializedTransaction) => c.sendRawTransaction({ serializedTransaction }),
    receiptOf: (hash) => request({ method: "eth_getTransactionReceipt", params: [hash] }),
    close: () => {},
  };
}

export function web3Library(url: string, f: ClientFixture): ClientLibrary {
  const web3 = new Web3(url);
  const { eth } = web3;
  const send = (method: string, params: unknown[]) =>
    web3.requestManager.send({ method, params } as Parameters<typeof web3.requestManager.send>[0]);
  const batch = async () => {
    const request = new web3.BatchRequest();
    const calls = plainCalls(f)
      .slice(0, 15)
      .map(([method, params], id) => request.add({ jsonrpc: "2.0", id: id + 1, method, params } as never));
    await request.execute({ timeout: 10_000 });
    return Promise.all(calls);
  };
  return {
    calls: [
      ["getChainId", () => eth.getChainId()],
      ["net.getId", () => eth.net.getId()],
      ["getNodeInfo", () => eth.getNodeInfo()],
      ["getBlockNumber", () => eth.getBlockNumber()],
      ["getBlock", () => eth.getBlock("latest")],
      ["getBlock by number", () => eth.getBlock(f.block, true)],
      ["getBlock by hash", () => eth.getBlock(f.blockHash)],
      ["getBlockTransactionCount", () => eth.getBlockTransactionCount(f.block)],
      ["getBlockUncleCount", () => eth.getBlockUncleCount(f.block)],
      ["getBalance", () => eth.getBalance(f.account)],
      ["getBalance at a block", () => eth.getBalance(f.account, f.block)],
      ["getTransactionCount", () => eth.getTransactionCount(f.account)],
      ["getCode", () => eth.getCode(f.logger)],
      ["getStorageAt", () => eth.getStorageAt(f.logger, 0)],
      ["getGasPrice", () => eth.getGasPrice()],
      ["getFeeHistory", () => eth.getFeeHistory(2, "latest", [10])],
      ["isSyncing", () => eth.isSyncing()],
      ["call", () => eth.call({ to: f.answerer })],
      ["call that reverts", () => eth.call({ to: f.reverter })],
      ["estimateGas", () => eth.estimateGas({ from: f.account, to: f.logger, data: f.topic })],
      ["getTransaction", () => eth.getTransaction(f.hash)],
      ["getTransactionFromBlock", () => eth.getTransactionFromBlock(f.block, 0)],
      ["getTransactionReceipt", () => eth.getTransactionReceipt(f.hash)],
      ["getPastLogs", () => eth.getPastLogs({ fromBlock: 0, toBlock: "latest", address: f.logger })],
      ["getPastLogs by topic", () => eth.getPastLogs({ fromBlock: f.block, topics: [f.topic] })],
      ["a batch", batch],
      ...plainCalls(f).map(([method, params]): NamedCall => [method, () => send(method, params)]),
    ],
    send: (raw) => send("eth_sendRawTransaction", [raw]) as Promise<unknown>,
    receiptOf: (hash) => send("eth_getTransactionReceipt", [hash]) as Promise<unknown>,
    close: () => {},
  };
}
