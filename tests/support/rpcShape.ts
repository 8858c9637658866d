type Members = Record<string, unknown>;

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isElement(value: unknown): boolean {
  if (!isObject(value) || value.jsonrpc !== "2.0" || !("id" in value)) return false;
  return "result" in value ? !("error" in value) : isRpcError(value);
}

/** One JSON-RPC 2.0 error, with code and message as they have to be. */
export function isRpcError(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isRpcError);
  if (!isObject(value) || value.jsonrpc !== "2.0" || !isObject(value.error)) return false;
  return Number.isInteger(value.error.code) && typeof value.error.message === "string";
}

/** What a client may take for an answer of JSON-RPC 2.0, to one call or to a batch. */
export function isRpcAnswer(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every(isElement) : isElement(value);
}
