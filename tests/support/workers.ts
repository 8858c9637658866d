import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Nginx } from "./nginx";

const mostGrowthMb = 40;

/** The workers of an nginx, watched for crashes, uncaught exceptions and memory. */
export class Workers {
  readonly #pids: number[];
  #warmMb: number[] | undefined;

  constructor(private readonly nginx: Nginx) {
    this.#pids = nginx.workerPids();
  }

  /** From here on memory must be flat; the first call counts. */
  markWarm(): void {
    this.#warmMb ??= this.#residentMb();
  }

  report(): string {
    return `MB per worker: ${this.#warmMb?.join(", ")} → ${this.#residentMb().join(", ")}`;
  }

  assertUnharmed(): void {
    const { errorLog } = this.nginx;
    assert.deepEqual(this.nginx.workerPids(), this.#pids, "the workers are those of the beginning");
    const crash = /.*(exited on signal|worker process \d+ exited|\[(?:alert|emerg|crit)\]).*/.exec(errorLog);
    assert.equal(crash?.[0], undefined);
    // The guard ends an answer that drips on after its call was over; by an exception, as filters do.
    const thrown = errorLog
      .split("\n")
      .find((line) => /exception|Error:/.test(line) && !/was still sending/.test(line));
    assert.equal(thrown, undefined);
    assert.ok(this.#warmMb, "memory was measured when warm");
    this.#residentMb().forEach((now, index) => {
      assert.ok(now - this.#warmMb![index]! <= mostGrowthMb, this.report());
    });
  }

  #residentMb(): number[] {
    return this.#pids.map((pid) => {
      const kilobytes = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1];
      return Math.round(Number(kilobytes) / 1024);
    });
  }
}
