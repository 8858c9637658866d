import { readFileSync } from "node:fs";
import path from "node:path";
import { hasWorkingDirectory, signal } from "../../proxy-image/agent/nginx/processes";

/** Ends an nginx whose agent and whose runner were both killed: it would keep the port. */
export async function endOrphanedNginx(runDirectory: string): Promise<void> {
  try {
    const pid = Number(readFileSync(path.join(runDirectory, "nginx.pid"), "utf8"));
    if (!Number.isSafeInteger(pid) || pid <= 1) return;
    if (await hasWorkingDirectory(pid, runDirectory)) signal(pid, "SIGTERM");
  } catch {
    // There is none.
  }
}
