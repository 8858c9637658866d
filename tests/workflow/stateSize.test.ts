import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ProbeResult } from "../../functions/domain/verdict";
import type { EvaluateInput } from "../../functions/handlers/evaluate";

describe("workflow state", () => {
  it("of 1,000 nodes fits into what Step Functions takes (256 KiB), with room to spare", () => {
    const result = (index: number): ProbeResult => ({
      nodeId: `n${String(index).padStart(16, "0")}`,
      ok: true,
      chainId: Number.MAX_SAFE_INTEGER,
      height: Number.MAX_SAFE_INTEGER,
      syncing: false,
      latencyMs: 60_000,
    });
    const batches = Array.from({ length: 20 }, (_, batch) => ({
      results: Array.from({ length: 50 }, (_, index) => result(batch * 50 + index)),
    }));
    const input: EvaluateInput = { startedAt: "2026-01-01T00:00:00.000Z", batches };
    assert.ok(JSON.stringify(input).length < 200 * 1024);
  });
});
