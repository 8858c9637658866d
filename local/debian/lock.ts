import { open, readFile, rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { isAlive } from "../process/isAlive";

/**
 * Runs `work` while no other process does the same under this lock file. A lock whose owner is gone is taken over;
 * should two processes do that at the same moment, both work, so `work` must end with an atomic step.
 */
export async function withLock<T>(
  path: string,
  report: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  let told = false;
  while (!(await acquire(path))) {
    if (!told) report("Waiting for another process that is doing the same");
    told = true;
    await setTimeout(200);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(`${process.pid}\n`).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const owner = await readFile(path, "utf8").catch(() => "");
  // between creation and the first write the file is empty: its owner is at work
  if (/^\d+\n$/.test(owner) && !isAlive(Number(owner))) await rm(path, { force: true });
  return false;
}
