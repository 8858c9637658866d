import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How long a healthy mock node thinks, at most: a provider on the same continent. */
const thinkMs = 30;

/**
 * Many nodes behind one port, told apart by their path: `/ok/…` answers, `/hang/…` never does. In a process of their own:
 * what else a bench does must not make them slow.
 */
export async function startMockNodes(): Promise<{ url: string; close: () => Promise<void> }> {
  const child = fork(__filename, { execArgv: ["--require", "tsx/cjs"] });
  const [url] = (await once(child, "message")) as [string];
  return {
    url,
    close: async () => {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  if (request.url?.startsWith("/hang/")) return;
  const { id, method } = JSON.parse(Buffer.concat(parts).toString("utf8")) as { id: number; method: string };
  const results: Record<string, unknown> = {
    eth_chainId: "0x1",
    // The chain grows a block every 12 s.
    eth_blockNumber: `0x${Math.floor(Date.now() / 12_000).toString(16)}`,
    eth_syncing: false,
  };
  await new Promise((resolve) => setTimeout(resolve, Math.random() * thinkMs));
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ jsonrpc: "2.0", id, result: results[method] }));
}

if (require.main === module) {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1", 4096, () => {
    process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
  process.once("disconnect", () => process.exit(0));
}
