/** Answers of the gateway itself. `id` is the text of the id. */
export function resultAnswer(id: string, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;
}

export function errorAnswer(id: string, code: number, message: string): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message })}}`;
}

/** JSON-RPC codes, and −32005 (EIP-1474: limit exceeded). */
export const codes = {
  parse: -32700,
  invalidParams: -32602,
  internal: -32603,
  limit: -32005,
} as const;
