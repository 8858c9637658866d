import { execFile } from "node:child_process";
import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { promisify } from "node:util";

/** A living process, as far as the supervisor cares. */
export interface Process {
  pid: number;
  parent: number;
  group: number;
  /** Command line; nginx writes there what each process is (`nginx: worker process is shutting down`). */
  title: string;
}

/** Every process of this machine (or container) that is not a zombie. */
async function listProcesses(): Promise<Process[]> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return listWithPs();
  return (await Promise.all(pids.map(readProcess))).filter((found) => found !== undefined);
}

/** nginx's own processes: the master, its children, and what is left of them when the master died. */
export async function nginxProcesses(master: number): Promise<Process[]> {
  const all = await listProcesses();
  return all.filter(({ pid, parent, group }) => pid === master || parent === master || group === master);
}

/** The children of one process: cheaper than a look at all processes where the kernel tells. */
export async function childrenOf(parent: number): Promise<Process[]> {
  const text = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8").catch(() => undefined);
  if (text === undefined) return (await listProcesses()).filter((process) => process.parent === parent);
  const children = await Promise.all(text.split(" ").filter(Boolean).map(readProcess));
  return children.filter((found) => found !== undefined);
}

export function isWorker(process: Process): boolean {
  return process.title.includes("nginx: worker process");
}

export function isShuttingDown(process: Process): boolean {
  return process.title.includes("is shutting down");
}

/** Where the process runs; on a system that does not tell, its command line must name the folder. */
export async function hasWorkingDirectory(pid: number, folder: string): Promise<boolean> {
  const real = await realpath(folder);
  const current = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (current !== undefined) return current === real;
  return (await listWithPs()).some((process) => process.pid === pid && process.title.includes(folder));
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function readProcess(pid: string): Promise<Process | undefined> {
  try {
    const [stat, title] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    // The second field, the program's name in parentheses, may itself contain spaces and parentheses.
    const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return undefined;
    return {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      title: title.replaceAll("\0", " "),
    };
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** For systems without /proc. */
async function listWithPs(): Promise<Process[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,pgid=,stat=,args="]);
  return stdout.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (!match || match[4]?.startsWith("Z")) return [];
    return [
      { pid: Number(match[1]), parent: Number(match[2]), group: Number(match[3]), title: match[5] ?? "" },
    ];
  });
}
