import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { releaseSha256 } from "../../functions/domain/render/renderRelease";
import { Backoff } from "../../proxy-image/agent/backoff";
import { readLine } from "../../proxy-image/agent/logs/errorLog";
import { LineSplitter } from "../../proxy-image/agent/logs/lineSplitter";
import type { Logger } from "../../proxy-image/agent/logs/logger";
import { parseNameServers } from "../../proxy-image/agent/machine";
import { OldGenerations } from "../../proxy-image/agent/nginx/oldGenerations";
import { parseRelease, ReleaseError } from "../../proxy-image/agent/release/parseRelease";
import { CounterSums } from "../../proxy-image/agent/report/counters";
import { testRelease } from "./testRelease";

describe("a release from outside", () => {
  it("is taken as it was published", () => {
    const release = testRelease(1);
    assert.deepEqual(parseRelease(structuredClone(release), releaseSha256), release);
  });

  it("is refused with an error that quotes nothing of it, whatever it is", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        assert.throws(() => parseRelease(value, releaseSha256), ReleaseError);
      }),
    );
  });

  it("is refused when any part of it is not what it should be", () => {
    const good = testRelease(1);
    const changes: object[] = [
      { format: 2 },
      { version: 0 },
      { version: 1.5 },
      { sha256: good.sha256.toUpperCase() },
      { publishedAt: "yesterday" },
      { files: { ...good.files, "nginx.conf": `${good.files["nginx.conf"]} ` } },
      { files: { ...good.files, "extra.conf": "x" } },
      { files: { "nginx.conf": good.files["nginx.conf"] } },
    ];
    for (const change of changes) {
      assert.throws(
        () => parseRelease({ ...good, ...change }, releaseSha256),
        ReleaseError,
        JSON.stringify(change),
      );
    }
  });
});

describe("waiting times", () => {
  it("double up to the longest, are shortened at random by at most half, and begin anew after a success", () => {
    const full = new Backoff(100, 1000, () => 0);
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map(() => full.next()),
      [100, 200, 400, 800, 1000, 1000],
    );
    full.reset();
    assert.equal(full.next(), 100);
    const half = new Backoff(100, 1000, () => 1);
    assert.equal(half.next(), 50);
  });
});

describe("lines", () => {
  it("come out as they went in, however they are cut into chunks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" })),
        fc.integer({ min: 1, max: 9 }),
        (texts, size) => {
          const lines = texts.map((text) => text.replaceAll("\n", "")).filter((text) => text !== "");
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
          const taken: string[] = [];
          const splitter = new LineSplitter((line) => taken.push(line), 10_000);
          for (let start = 0; start < bytes.length; start += size)
            splitter.push(bytes.subarray(start, start + size));
          assert.deepEqual(taken.join("\n"), lines.join("\n"));
        },
      ),
    );
  });

  it("are cut at the limit, without harm to the next", () => {
    const taken: string[] = [];
    const splitter = new LineSplitter((line) => taken.push(line), 5);
    splitter.push(Buffer.from("abcdefgh"));
    splitter.push(Buffer.from("ijk\nshort\n"));
    assert.deepEqual(taken, ["abcde", "short"]);
  });

  it("of nginx's error log have a level and a message", () => {
    assert.deepEqual(readLine("2026/11/21 11:30:00 [error] 12#12: *3 connect() failed"), {
      level: "error",
      message: "connect() failed",
    });
    assert.deepEqual(readLine("nginx: [emerg] unknown directive"), {
      level: "fatal",
      message: "unknown directive",
    });
    assert.deepEqual(readLine("something else"), { level: "info", message: "something else" });
  });
});

describe("name servers", () => {
  it("are those of resolv.conf as nginx takes them, without link-local ones", () => {
    const text =
      "# c\nsearch a.test\nnameserver 10.0.0.2\nnameserver fd00::1\nnameserver fe80::1%eth0\noptions ndots:1\n";
    assert.deepEqual(parseNameServers(text), ["10.0.0.2", "[fd00::1]"]);
  });
});

describe("old generations of workers", () => {
  it("are bounded: above the limit the oldest is ended", () => {
    const ended: number[] = [];
    const logger = { warn: () => {} } as unknown as Logger;
    const generations = new OldGenerations(logger, (pid) => ended.push(pid));
    const leaving = (pid: number) => ({
      pid,
      parent: 1,
      group: 1,
      title: "nginx: worker process is shutting down",
    });
    const workers = [];
    for (let pid = 100; pid < 113; pid++) {
      workers.push(leaving(pid));
      generations.update(workers);
    }
    assert.deepEqual(ended, [100]);
    assert.equal(generations.count, 12);
    generations.update([leaving(112)]);
    assert.equal(generations.count, 1);
  });
});

describe("counters", () => {
  it("go on where they were when nginx counts from zero again", () => {
    const sums = new CounterSums();
    const counters = (ok: number) =>
      JSON.stringify({
        requestsByStatus: { "200": ok },
        callsByNode: { n1: { ok, failed: 1, latencyMsSum: 5 } },
        callsByKey: { k1: ok },
        creditsByNode: { n1: ok + 1 },
      });
    sums.update(counters(3));
    sums.update(counters(4));
    sums.restart();
    assert.deepEqual(sums.total.requestsByStatus, { "200": 4 });
    sums.update(counters(2));
    assert.deepEqual(sums.total, {
      requestsByStatus: { "200": 6 },
      callsByNode: { n1: { ok: 6, failed: 2, latencyMsSum: 10 } },
      callsByKey: { k1: 6 },
      creditsByNode: { n1: 8 },
    });
  });

  it("stay what they were when nginx answers something else", () => {
    const sums = new CounterSums();
    assert.throws(() => sums.update('{"requestsByStatus":{"200":"many"}}'));
    assert.throws(() => sums.update("<html>"));
    assert.deepEqual(sums.total, { requestsByStatus: {}, callsByNode: {} });
  });
});
