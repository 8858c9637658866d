import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";

/** Paths of unix sockets have at most 104 bytes on some systems; the agent's sockets have names of up to 14. */
const longest = 85;

/** The agent's folder for a data directory: inside it, or, where that is too deep for sockets, among temporary files. */
export function agentRunDirectory(dataDirectory: string): string {
  const inside = path.join(dataDirectory, "run");
  const directory = Buffer.byteLength(inside) <= longest ? inside : outside(dataDirectory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

function outside(dataDirectory: string): string {
  const name = createHash("sha256").update(`${userInfo().uid} ${dataDirectory}`).digest("hex").slice(0, 16);
  return path.join(tmpdir(), `jsonrpc-gateway-${name}`);
}
