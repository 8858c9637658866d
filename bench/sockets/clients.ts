import { randomBytes } from "node:crypto";
import net from "node:net";

/**
 * Thousands of clients in a process of their own. Bare connections instead of a WebSocket library: what is measured is how the
 * frames get here, not how they are read.
 */

export type ClientsCommand =
  | { do: "open"; port: number; count: number; subscribe: boolean }
  /** Forget arrivals. */
  | { do: "arm" }
  /** Answer with the arrivals once all subscribed sockets have one. */
  | { do: "arrivals" }
  | { do: "close" };

const subscribe = '{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}';
/** Masked with zeros. */
const subscribeFrame = Buffer.concat([
  Buffer.from([0x81, 0x80 | subscribe.length, 0, 0, 0, 0]),
  Buffer.from(subscribe),
]);
const atOnce = 100;

let all: net.Socket[] = [];
let subscribers = 0;
let arrivals = new Map<net.Socket, number>();
let closed = 0;

async function open(port: number, wanted: boolean): Promise<void> {
  const socket = net.connect(port, "127.0.0.1");
  all.push(socket);
  socket.on("error", () => {});
  socket.on("close", () => closed++);
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
  );
  const [answer] = (await next(socket)) as [Buffer];
  if (!answer.toString().startsWith("HTTP/1.1 101"))
    throw new Error(`not upgraded: ${answer.toString().slice(0, 80)}`);
  if (wanted) {
    socket.write(subscribeFrame);
    await next(socket);
    subscribers++;
  }
  socket.on("data", () => arrivals.set(socket, performance.timeOrigin + performance.now()));
}

function next(socket: net.Socket): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    socket.once("data", (data) => resolve([data]));
    socket.once("close", () => reject(new Error("closed")));
  });
}

async function obey(command: ClientsCommand): Promise<unknown> {
  switch (command.do) {
    case "open":
      for (let opened = 0; opened < command.count; opened += atOnce) {
        const some = Math.min(atOnce, command.count - opened);
        await Promise.all(Array.from({ length: some }, () => open(command.port, command.subscribe)));
      }
      return { open: all.length };
    case "arm":
      arrivals = new Map();
      return {};
    case "arrivals":
      while (arrivals.size < subscribers && closed === 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      return { arrivals: [...arrivals.values()], closed };
    case "close":
      for (const socket of all) socket.destroy();
      all = [];
      subscribers = 0;
      await new Promise((resolve) => setTimeout(resolve, 500));
      closed = 0;
      return {};
    default:
      return command satisfies never;
  }
}

process.on("message", (command: ClientsCommand) => {
  obey(command).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
