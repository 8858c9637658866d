import { createHash } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** A node in a process of its own, that tells of a new head when its parent says so. */

const hash = (number: number) => `0x${createHash("sha256").update(String(number)).digest("hex")}`;

/** A header as large as mainnet's. */
function header(number: number) {
  const zeros = `0x${"0".repeat(64)}`;
  return {
    parentHash: hash(number - 1),
    sha3Uncles: zeros,
    miner: `0x${"1".repeat(40)}`,
    stateRoot: zeros,
    transactionsRoot: zeros,
    receiptsRoot: zeros,
    logsBloom: `0x${"5a".repeat(256)}`,
    difficulty: "0x0",
    number: `0x${number.toString(16)}`,
    gasLimit: "0x1c9c380",
    gasUsed: "0xe4e1c0",
    timestamp: `0x${(1_700_000_000 + number * 12).toString(16)}`,
    extraData: "0x",
    mixHash: zeros,
    nonce: "0x0000000000000000",
    baseFeePerGas: "0x7",
    withdrawalsRoot: zeros,
    hash: hash(number),
  };
}

let height = 1;
const subscribed = new Map<import("ws").WebSocket, string>();

function answer({ id, method }: { id: unknown; method: string }): object {
  const result = method === "eth_getBlockByNumber" ? { ...header(height), transactions: [] } : "0x1";
  return { jsonrpc: "2.0", id, result };
}

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer(JSON.parse(Buffer.concat(chunks).toString()))));
  });
});
server.keepAliveTimeout = 120_000;

const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("message", (data: Buffer) => {
    const call = JSON.parse(data.toString()) as { id: unknown; method: string };
    if (call.method !== "eth_subscribe") return;
    const subscription = `0x${createHash("sha256").update(`${subscribed.size}`).digest("hex").slice(0, 32)}`;
    subscribed.set(socket, subscription);
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: call.id, result: subscription }));
  });
  socket.on("close", () => subscribed.delete(socket));
});

process.on("message", () => {
  height++;
  const result = header(height);
  const startedAt = performance.timeOrigin + performance.now();
  for (const [socket, subscription] of subscribed) {
    socket.send(
      JSON.stringify({ jsonrpc: "2.0", method: "eth_subscription", params: { subscription, result } }),
    );
  }
  process.send?.({ startedAt });
});

server.listen(0, "127.0.0.1", 4096, () => process.send?.({ port: (server.address() as AddressInfo).port }));
