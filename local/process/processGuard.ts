import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Reads `+pid` and `-pid` lines. At the end of input (we ended, however that came about) it ends the processes that
 * are still on the list: kindly, then for certain.
 */
const script = `
pids=" "
while read -r line; do
  case "$line" in
    +*) pids="$pids\${line#+} " ;;
    -*) pids=$(printf '%s' "$pids" | sed "s/ \${line#-} / /") ;;
  esac
done
[ "$pids" = " " ] && exit 0
kill -CONT $pids 2>/dev/null
kill -TERM $pids 2>/dev/null
alive() { for pid in $pids; do kill -0 "$pid" 2>/dev/null && return 0; done; return 1; }
i=0
while [ $i -lt 50 ] && alive; do sleep 0.1; i=$((i + 1)); done
kill -KILL $pids 2>/dev/null
exit 0
`;

/**
 * Sees to it that our children don't outlive us, SIGKILL included: a small shell in a session of its own (so that
 * Ctrl-C passes it by) holds the other end of a pipe. Without it a child keeps its port until somebody looks for it.
 */
export class ProcessGuard {
  readonly #shell: ChildProcess;
  #closed = false;

  constructor() {
    this.#shell = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    this.#shell.on("error", () => {});
    this.#shell.stdin?.on("error", () => {});
    this.#shell.unref();
  }

  /** Takes a child under guard until it ends. One that was started while everything ends is ended at once. */
  watch(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    if (this.#closed) {
      child.kill("SIGKILL");
      return;
    }
    this.#shell.stdin?.write(`+${pid}\n`);
    child.once("exit", () => this.#shell.stdin?.write(`-${pid}\n`));
  }

  /** Ends the guard; what is still on its list is ended by it. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return;
    this.#shell.ref();
    this.#shell.stdin?.end();
    await once(this.#shell, "exit");
  }
}
