import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { debianMirrors } from "../../local/debian/aptSources";
import { machineSources } from "../../local/debian/machineSources";
import { type CommandResult, lastLine, run } from "../../local/debian/run";

/** Kept from run to run: fetching and unpacking takes minutes. */
export const cache = resolve(__dirname, "../../.cache/image");
const tools = join(cache, "tools");
const packages = ["buildah", "debootstrap"];

/** The image can't be built on this machine. */
export class NotPossibleError extends Error {
  override readonly name = "NotPossibleError";
}

/** Runs programs of the tools, and of the machine. */
export interface Runner {
  /** Runs one to its end, at low priority: other tests go on meanwhile. */
  run(command: string[], timeoutMs?: number): Promise<CommandResult>;
  /** Starts one that goes on, and is tested. */
  start(command: string[]): ChildProcessByStdio<null, Readable, Readable>;
}

/** buildah and debootstrap: the machine's own, else unpacked into the cache. @throws NotPossibleError */
export async function imageTools(): Promise<Runner> {
  if (process.platform !== "linux") throw new NotPossibleError("it takes Linux");
  if (process.getuid?.() !== 0) throw new NotPossibleError("it takes root (debootstrap, chroot)");
  const prefix = packages.every(isInstalled) ? [] : await unpackedTools();
  const runner: Runner = {
    run: (command, timeoutMs = 300_000) => run(["nice", "-n", "10", ...prefix, ...command], { timeoutMs }),
    start: (command) => {
      const [program = "", ...args] = [...prefix, ...command];
      return spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    },
  };
  const { code, stderr } = await runner.run(["buildah", "--version"]);
  if (code !== 0) throw new NotPossibleError(`buildah does not run: ${lastLine(stderr)}`);
  return runner;
}

/** As `Runner`, and throws what the command complained about. */
export async function must(runner: Runner, command: string[], timeoutMs?: number): Promise<string> {
  const { code, stdout, stderr } = await runner.run(command, timeoutMs);
  if (code !== 0) throw new Error(`${command.slice(0, 2).join(" ")}: ${stderr.slice(-2_000)}`);
  return stdout;
}

export async function debianMirror(): Promise<string> {
  const [mirror] = debianMirrors(await machineSources());
  if (!mirror) throw new NotPossibleError("no Debian mirror among this machine's package sources");
  return mirror.uri;
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/**
 * Fetches what the machine would install, without installing it.
 * @returns what a command is prefixed with to see these files over /usr and /etc: buildah starts itself anew without our
 * environment, so a library path would not do. Nobody else sees them.
 */
async function unpackedTools(): Promise<string[]> {
  if (!existsSync(tools)) {
    await mkdir(cache, { recursive: true });
    const work = await mkdtemp(join(cache, "tools.part-"));
    try {
      await unpack(work);
      await rename(join(work, "root"), tools);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  const overlay = (folder: string) =>
    `mount -t overlay overlay -o "lowerdir=$0${folder}:${folder}" ${folder}`;
  return ["unshare", "--mount", "sh", "-c", `${overlay("/usr")} && ${overlay("/etc")} && exec "$@"`, tools];
}

async function unpack(work: string): Promise<void> {
  const archives = join(work, "archives");
  await mkdir(join(archives, "partial"), { recursive: true });
  const options = [`Dir::Cache::archives=${archives}`, "APT::Sandbox::User=root", "Debug::NoLocking=true"];
  const apt = ["apt-get", "-q", ...options.flatMap((option) => ["-o", option])];
  const arguments_ = ["install", "--yes", "--no-install-recommends", "--download-only", ...packages];
  const { code, stderr } = await run([...apt, ...arguments_], { timeoutMs: 120_000 });
  if (code !== 0) throw new NotPossibleError(`buildah can't be fetched: ${lastLine(stderr)}`);
  const files = (await readdir(archives)).filter((name) => name.endsWith(".deb"));
  for (const file of files) {
    await run(["dpkg-deb", "--extract", join(archives, file), join(work, "root")], { timeoutMs: 60_000 });
  }
}
