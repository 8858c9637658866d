/** What a node said is not a JSON-RPC answer, or not of the kind that was asked for. */
export class BadAnswerError extends Error {
  override readonly name = "BadAnswerError";
}
/** The node answered with a JSON-RPC error. Its text is the node's: not kept. */
export class RpcAnswerError extends Error {
  override readonly name = "RpcAnswerError";
}

/** The result of a JSON-RPC answer to the call with this id. @throws BadAnswerError, RpcAnswerError */
export function readResult(body: string, id: number): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new BadAnswerError("not JSON");
  }
  if (!isRecord(answer) || answer.jsonrpc !== "2.0") throw new BadAnswerError("no JSON-RPC answer");
  if (answer.error !== undefined && answer.error !== null) throw new RpcAnswerError("JSON-RPC error");
  if (answer.id !== id || answer.result === undefined) throw new BadAnswerError("answer to something else");
  return answer.result;
}

/** A hex quantity as execution-apis defines it (no leading zeros) that fits a JavaScript number. @throws BadAnswerError */
export function readQuantity(value: unknown): number {
  // 14 hex digits hold 2^53 − 1, the largest that a number keeps exactly.
  if (typeof value !== "string" || !/^0x(0|[1-9a-fA-F][0-9a-fA-F]{0,13})$/.test(value)) {
    throw new BadAnswerError("no quantity");
  }
  const quantity = Number(value);
  if (!Number.isSafeInteger(quantity)) throw new BadAnswerError("quantity too large");
  return quantity;
}

/** `eth_syncing`: an object while a node catches up, else false. Whatever else a node says is not held against it. */
export function readSyncing(value: unknown): boolean {
  return value === true || isRecord(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
