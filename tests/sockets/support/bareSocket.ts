import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import net from "node:net";

/** A WebSocket handshake on a bare connection, so that a test decides what is read. */
export async function upgradeByHand(port: number): Promise<net.Socket> {
  const socket = net.connect(port, "127.0.0.1");
  const key = randomBytes(16).toString("base64");
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  const [answer] = (await new Promise((resolve, reject) => {
    socket.once("data", (data: Buffer) => resolve([data.toString()]));
    socket.once("error", reject);
  })) as [string];
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  assert.ok(answer.includes(accept));
  socket.on("error", () => {});
  return socket;
}

/** A text frame as clients send it: masked. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  assert.ok(payload.length < 126);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
