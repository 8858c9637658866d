/** Methods that metrics name; all others are counted as `other`, because clients choose the names. */
const named = new Set(
  [
    "accounts blobBaseFee blockNumber call chainId coinbase createAccessList estimateGas feeHistory gasPrice getBalance",
    "getBlockByHash getBlockByNumber getBlockReceipts getBlockTransactionCountByHash getBlockTransactionCountByNumber getCode",
    "getFilterChanges getFilterLogs getLogs getProof getStorageAt getTransactionByBlockHashAndIndex",
    "getTransactionByBlockNumberAndIndex getTransactionByHash getTransactionCount getTransactionReceipt",
    "getUncleByBlockHashAndIndex getUncleByBlockNumberAndIndex getUncleCountByBlockHash getUncleCountByBlockNumber",
    "maxPriorityFeePerGas mining newBlockFilter newFilter newPendingTransactionFilter protocolVersion sendRawTransaction",
    "sendTransaction simulateV1 subscribe syncing uninstallFilter unsubscribe",
  ]
    .join(" ")
    .split(" ")
    .map((name) => `eth_${name}`)
    .concat([
      "net_listening",
      "net_peerCount",
      "net_version",
      "web3_clientVersion",
      "web3_sha3",
      "rpc_modules",
    ])
    .concat([
      "debug_traceTransaction",
      "debug_traceCall",
      "debug_traceBlock",
      "debug_traceBlockByNumber",
      "debug_traceBlockByHash",
    ])
    .concat(["trace_block", "trace_call", "trace_filter", "trace_transaction", "trace_replayTransaction"]),
);

/** In a fixed order. */
export const namedMethods: string[] = [...named];

export function isNamed(method: string): boolean {
  return named.has(method);
}

export function methodLabel(method: string): string {
  return named.has(method) ? method : "other";
}

const large =
  /^(?:eth_(?:call|getLogs|getFilterLogs|getFilterChanges|getBlockReceipts|getBlockBy\w+|getProof|simulateV1|createAccessList)|debug_\w+|trace_\w+)$/;

/** No honest answer to this method comes near the limit of answers that are read whole. */
export function hasSmallAnswer(method: string): boolean {
  return named.has(method) && !large.test(method);
}

/** Lookups whose `null` may only mean that this node does not have it (yet). */
export const nullMayBeMissing = new Set([
  "eth_getTransactionByHash",
  "eth_getTransactionReceipt",
  "eth_getBlockByHash",
  "eth_getBlockByNumber",
]);

const changesSomething =
  /^(?:(?:eth|mev)_send(?!RawTransaction$)\w*|eth_cancel\w*|eth_getFilterChanges|eth_submit\w*|personal_\w*|miner_\w*|admin_\w*|engine_\w*|evm_\w*|anvil_\w*|hardhat_\w*|clique_\w*|debug_set\w*)$/;

/** May be sent to a second node although the first may have acted on it. A raw transaction has the same effect however often it is sent. */
export function isIdempotent(method: string): boolean {
  return named.has(method) && !unsafeNamed.has(method) ? true : !changesSomething.test(method);
}
const unsafeNamed = new Set(["eth_sendTransaction", "eth_getFilterChanges"]);

/** The one method that goes to several nodes at once. Its private relatives are meant for one. */
export const sendMethod = "eth_sendRawTransaction";

export function isBroadcast(method: string): boolean {
  return method === sendMethod;
}
