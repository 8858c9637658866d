/** A node answered with a JSON-RPC error. */
export class RpcError extends Error {
  override readonly name = "RpcError";
}

/** Calls one node, with a limit on the time. Only for nodes that we started: it believes their answers. */
export async function callNode<T>(
  url: string,
  method: string,
  params: unknown[],
  timeoutMs: number,
): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const answer = (await response.json()) as { result: T; error?: { message: string } };
  if (answer.error) throw new RpcError(`${method}: ${answer.error.message}`);
  return answer.result;
}
