import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import type { Release } from "../../functions/domain/release";
import type { ReleaseStore } from "../../functions/ports/releaseStore";

export interface ReleaseStoreUnderTest {
  /** An empty store, and a way to write any bytes to where `current.json` is. */
  open(): Promise<{ store: ReleaseStore; spoilCurrent(bytes: string): Promise<void> }>;
}

const aRelease = (version: number, text = "events {}"): Release => ({
  format: 1,
  version,
  sha256: "ab".repeat(32),
  publishedAt: "2026-01-01T00:00:00.000Z",
  files: { "nginx.conf": text, "pool.json": "{}" },
});

/** What every release store must do. */
export function releaseStoreContract(name: string, underTest: ReleaseStoreUnderTest): void {
  describe(`${name}: release store`, () => {
    let store: ReleaseStore;
    let spoilCurrent: (bytes: string) => Promise<void>;
    beforeEach(async () => {
      ({ store, spoilCurrent } = await underTest.open());
    });

    it("says when there is nothing", async () => {
      assert.deepEqual(await store.getCurrent(), { status: "absent" });
      assert.deepEqual(await store.getCurrent('"abc"'), { status: "absent" });
      assert.equal(await store.getRelease(1), undefined);
    });
    it("gives back releases by version and the current one", async () => {
      await store.putRelease(aRelease(1, "# ünï 節點"));
      await store.putRelease(aRelease(2));
      await store.setCurrent(aRelease(2));
      assert.deepEqual(await store.getRelease(1), aRelease(1, "# ünï 節點"));
      const current = await store.getCurrent();
      assert.ok(current.status === "found");
      assert.deepEqual(current.release, aRelease(2));
    });
    it("downloads nothing when the caller has it, and the new one when it changed", async () => {
      await store.setCurrent(aRelease(1));
      const first = await store.getCurrent();
      assert.ok(first.status === "found");
      assert.deepEqual(await store.getCurrent(first.etag), { status: "unchanged" });
      await store.setCurrent(aRelease(2));
      const second = await store.getCurrent(first.etag);
      assert.ok(second.status === "found" && second.release.version === 2);
    });
    it("refuses what is no release, without quoting it", async () => {
      const secret = "https://a.example/v3/secret";
      for (const bytes of [
        "",
        `{"x": "${secret}"`,
        "null",
        "[]",
        JSON.stringify({ ...aRelease(1), format: 2 }),
        JSON.stringify({ ...aRelease(1), version: secret }),
        JSON.stringify({ ...aRelease(1), files: { "nginx.conf": secret } }),
      ]) {
        await spoilCurrent(bytes);
        await assert.rejects(store.getCurrent(), (error: Error) => {
          assert.equal(error.name, "ReleaseFormatError");
          assert.ok(!error.message.includes("secret"));
          return true;
        });
      }
    });
    it("refuses what is larger than a release can be", async () => {
      await spoilCurrent(JSON.stringify(aRelease(1, "x".repeat(33 * 1024 * 1024))));
      await assert.rejects(store.getCurrent(), /larger than/);
    });
  });
}
