import type { AnvilChain } from "./anvil";

/** What there is on a chain to be asked for. */
export interface ClientFixture {
  account: `0x${string}`;
  other: `0x${string}`;
  /** Logs its call data as the one topic of an empty log. */
  logger: `0x${string}`;
  /** Returns 42. */
  answerer: `0x${string}`;
  /** Reverts without a word. */
  reverter: `0x${string}`;
  topic: `0x${string}`;
  /** The transaction that logged, its block and that block's number. */
  hash: `0x${string}`;
  blockHash: `0x${string}`;
  block: number;
  missing: `0x${string}`;
}

/** Init code that puts this runtime code on the chain. */
const deploying = (runtime: string) => {
  const size = (runtime.length / 2).toString(16).padStart(2, "0");
  return `0x60${size}600c60003960${size}6000f3${runtime}`;
};

/** Gives a chain contracts, logs and some length; nobody mines afterwards, so that answers can be compared. */
export async function furnish(chain: AnvilChain): Promise<ClientFixture> {
  const node = chain.nodes[0]!;
  const [account, other] = (await node.call<string[]>("eth_accounts")) as [`0x${string}`, `0x${string}`];
  const send = async (transaction: object) => {
    const hash = await node.call<string>("eth_sendTransaction", {
      from: account,
      gas: "0x30d40",
      ...transaction,
    });
    await chain.mine();
    return node.call<Record<string, `0x${string}`>>("eth_getTransactionReceipt", hash);
  };
  const deploy = async (runtime: string) => (await send({ data: deploying(runtime) })).contractAddress!;
  const logger = await deploy("60003560006000a100");
  const answerer = await deploy("602a60005260206000f3");
  const reverter = await deploy("60006000fd");
  const topic = `0x${"7".padStart(64, "0")}` as const;
  const logged = await send({ to: logger, data: topic });
  await send({ to: other, value: "0x64" });
  await chain.mine(3);
  return {
    account,
    other,
    logger,
    answerer,
    reverter,
    topic,
    hash: logged.transactionHash!,
    blockHash: logged.blockHash!,
    block: Number(logged.blockNumber),
    missing: `0x${"9".repeat(64)}`,
  };
}

/** Calls that every client can send as they are. */
export function plainCalls(f: ClientFixture): [method: string, params: unknown[]][] {
  const number = `0x${f.block.toString(16)}`;
  return [
    ["eth_chainId", []],
    ["net_version", []],
    ["web3_clientVersion", []],
    ["eth_blockNumber", []],
    ["eth_gasPrice", []],
    ["eth_maxPriorityFeePerGas", []],
    ["eth_feeHistory", ["0x3", "latest", [50]]],
    ["eth_syncing", []],
    ["eth_getBlockByNumber", ["finalized", false]],
    ["eth_getBlockByNumber", ["safe", false]],
    ["eth_getBlockTransactionCountByNumber", [number]],
    ["eth_getBlockTransactionCountByHash", [f.blockHash]],
    ["eth_getUncleCountByBlockNumber", [number]],
    ["eth_getTransactionByBlockNumberAndIndex", [number, "0x0"]],
    ["eth_getTransactionByBlockHashAndIndex", [f.blockHash, "0x0"]],
    ["eth_getBlockReceipts", [number]],
    ["eth_getProof", [f.account, [`0x${"0".repeat(64)}`], "latest"]],
    ["eth_createAccessList", [{ from: f.account, to: f.answerer }, "latest"]],
    ["eth_call", [{ to: f.answerer }, number]],
    ["eth_nothingLikeThis", []],
  ];
}

/** What a call came to, to be compared: its result as text, or the code of its error. */
export async function outcome(call: () => PromiseLike<unknown>): Promise<string> {
  try {
    return JSON.stringify(await call(), (_, value: unknown) =>
      typeof value === "bigint" ? `${value}n` : value,
    );
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: string };
    return `failed: ${String(code ?? name)}`;
  }
}
