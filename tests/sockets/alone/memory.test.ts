import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { buildSockets } from "../../../proxy-image/build";
import { until } from "../../support/poll";

const sockets = 2_000;
const mostKilobytesPerSocket = 20;
const mostRounds = 8;
const growthAllowed = 1;

describe("memory of the gateway process", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(path.join(tmpdir(), "sockets-"));
  const socketPath = path.join(folder, "sockets.sock");
  let gateway: ChildProcess;
  let open: net.Socket[] = [];

  before(async () => {
    mkdirSync(path.join(folder, "current"));
    writeFileSync(path.join(folder, "current/pool.json"), JSON.stringify({ networks: [] }));
    const file = await buildSockets(path.join(folder, "sockets.js"));
    gateway = spawn(process.execPath, [file], {
      env: {
        PATH: process.env.PATH,
        RUN_DIRECTORY: folder,
        MAX_SOCKETS_PER_CLIENT: "100000",
        DRAIN_SECONDS: "0",
      },
      stdio: ["pipe", "inherit", "inherit"],
    });
    await until(async () => (await metrics()).includes("gateway_sockets"), { what: "it serves" });
  });
  after(async () => {
    for (const socket of open) socket.destroy();
    gateway.stdin?.end();
    if (gateway.exitCode === null) await once(gateway, "exit");
    rmSync(folder, { recursive: true, force: true });
  });

  function metrics(): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = http.get({ socketPath, path: "/metrics", agent: false }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on("end", () => resolve(text));
      });
      request.on("error", reject);
    });
  }
  const count = (wanted: number) =>
    until(async () => (await metrics()).includes(`\ngateway_sockets ${wanted}\n`), {
      what: `${wanted} sockets`,
    });
  const residentKilobytes = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, "utf8"))?.[1]);

  async function openAll(): Promise<void> {
    const handshake =
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    while (open.length < sockets) {
      const some = Array.from({ length: 100 }, () =>
        net
          .connect(socketPath)
          .on("error", () => {})
          .resume(),
      );
      for (const socket of some) socket.write(handshake);
      open.push(...some);
      await count(open.length);
    }
  }
  async function closeAll(): Promise<void> {
    for (const socket of open) socket.destroy();
    open = [];
    await count(0);
  }

  it(`is below ${mostKilobytesPerSocket} kB for an idle socket, and does not grow as sockets come and go`, async () => {
    await openAll();
    await closeAll();
    const before = residentKilobytes();
    await openAll();
    const each = (residentKilobytes() - before) / sockets;
    assert.ok(each < mostKilobytesPerSocket, `${each.toFixed(1)} kB`);
    // A leak grows with every round; what the garbage collector has not come to yet does not.
    let full = residentKilobytes();
    let growth = Number.POSITIVE_INFINITY;
    for (let round = 0; round < mostRounds && growth > growthAllowed; round++) {
      await closeAll();
      await openAll();
      growth = (residentKilobytes() - full) / sockets;
      full = residentKilobytes();
    }
    assert.ok(growth <= growthAllowed, `grew by ${growth.toFixed(1)} kB for each socket in the last round`);
  });
});
