import { readdirSync, readFileSync } from "node:fs";

export interface ProcessEntry {
  pid: number;
  parentPid: number;
  command: string;
}

/** Every process that `pid` started, directly or not, from /proc (Linux). */
export function descendants(pid: number): ProcessEntry[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => entry(Number(name)));
  const found: ProcessEntry[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = all.filter((one) => parents.has(one.parentPid));
    found.push(...children);
    parents = new Set(children.map((one) => one.pid));
  }
  return found;
}

/** Empty when the process ended while it was looked at. */
function entry(pid: number): ProcessEntry[] {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses, which may hold anything.
    const parentPid = Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]);
    return [{ pid, parentPid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") }];
  } catch {
    return [];
  }
}
