import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { chunks, concurrently, createLimiter } from "../../functions/adapters/concurrently";

/** Work that notes how much of it goes on at once. */
function counted() {
  const seen = { now: 0, most: 0, done: 0 };
  const work = async (fail = false) => {
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise((resolve) => setImmediate(resolve));
    seen.now -= 1;
    if (fail) throw new Error("no");
    return ++seen.done;
  };
  return { seen, work };
}

describe("concurrently", () => {
  it("keeps to its limit and to the items' order", async () => {
    const { seen, work } = counted();
    const items = Array.from({ length: 50 }, (_, index) => index);
    const results = await concurrently(items, 7, async (item) => {
      await work();
      return item * 2;
    });
    assert.deepEqual(
      results,
      items.map((item) => item * 2),
    );
    assert.equal(seen.most, 7);
    assert.deepEqual(await concurrently([], 7, work), []);
  });
  it("limits what comes from anywhere, also after failures", async () => {
    const { seen, work } = counted();
    const inTurn = createLimiter(3);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => inTurn(() => work(index % 4 === 0))),
    );
    assert.equal(seen.most, 3);
    assert.equal(outcomes.filter((one) => one.status === "fulfilled").length, seen.done);
    assert.equal(await inTurn(() => Promise.resolve("still")), "still");
  });
  it("cuts items into pieces", () => {
    assert.deepEqual(chunks([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
    assert.deepEqual(chunks([], 2), []);
  });
});
