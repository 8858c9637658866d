import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isAlive } from "./isAlive";
import { StartError } from "./startError";

/**
 * Keeps a second run away from a data directory, with a message that says who has it. A lock of a process that was
 * killed is taken over; LevelDB's own lock stands behind this one.
 * @throws StartError
 */
export function lockDataDirectory(directory: string): DataDirectoryLock {
  const file = path.join(directory, "lock");
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const afterCrash = takeOver(file);
    writeFileSync(file, JSON.stringify(identity(process.pid)), { flag: "wx" });
    return { afterCrash, release: () => rmSync(file, { force: true }) };
  } catch (error) {
    throw describe(error, directory);
  }
}

export interface DataDirectoryLock {
  /** The last run was killed: what it started may still be on its way out. */
  afterCrash: boolean;
  release: () => void;
}

interface Identity {
  pid: number;
  /** Clock tick at which the process started: tells it from a later one with the same pid. */
  started: string | undefined;
}

class HeldError extends Error {
  constructor(readonly pid: number) {
    super();
  }
}

/** @returns whether there was a lock of a dead process */
function takeOver(file: string): boolean {
  if (!existsSync(file)) return false;
  const holder = readHolder(file);
  if (!holder) return true;
  const { pid, started } = identity(holder.pid);
  if (isAlive(pid) && started === holder.started) throw new HeldError(pid);
  rmSync(file, { force: true });
  return true;
}

function readHolder(file: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Identity;
  } catch {
    // Cut off while it was written.
    rmSync(file, { force: true });
    return undefined;
  }
}

function identity(pid: number): Identity {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields after the name, which may hold anything: the 20th is the start time (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie holds nothing any more.
    return { pid, started: fields[0] === "Z" ? undefined : fields[19] };
  } catch {
    return { pid, started: undefined };
  }
}

function describe(error: unknown, directory: string): unknown {
  if (error instanceof HeldError) {
    return new StartError(
      `Another gateway (process ${error.pid}) uses ${directory}: end it, or give another DATA_DIR.`,
    );
  }
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EEXIST") return new StartError(`Another gateway uses ${directory}: give another DATA_DIR.`);
  return new StartError(
    `DATA_DIR: ${directory} can't be used (${code ?? String(error)}): give a folder that can be written.`,
  );
}
