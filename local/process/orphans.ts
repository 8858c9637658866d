import { readFileSync } from "node:fs";
import path from "node:path";

/** Ends an nginx whose agent and whose runner were both killed: it would keep the port. */
export function endOrphanedNginx(runDirectory: string): void {
  try {
    const pid = Number(readFileSync(path.join(runDirectory, "nginx.pid"), "utf8"));
    if (!Number.isSafeInteger(pid) || pid <= 1) return;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (command.includes("nginx") && command.includes(runDirectory)) process.kill(pid, "SIGTERM");
  } catch {
    // There is none.
  }
}
