import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { bloomOf, mayMatch } from "../../proxy-image/sockets/core/bloom";
import type { Header } from "../../proxy-image/sockets/core/header";
import { type Log, type LogFilter, matches, readLogs, union } from "../../proxy-image/sockets/core/logFilter";
import { LogProof } from "../../proxy-image/sockets/core/logProof";
import { LogStream } from "../../proxy-image/sockets/core/logStream";
import { block, genesis } from "./support/blocks";

const addresses = ["a1", "b2", "c3"].map((byte) => `0x${byte.repeat(20)}`);
const topics = ["d4", "e5", "f6"].map((byte) => `0x${byte.repeat(32)}`);

const anyLog = fc
  .record({
    address: fc.constantFrom(...addresses),
    topics: fc.array(fc.constantFrom(...topics), { maxLength: 4 }),
  })
  .map((log): Log => ({ ...log, blockHash: genesis.hash, logIndex: "0x0" }));
const anyFilter: fc.Arbitrary<LogFilter> = fc.record({
  addresses: fc.uniqueArray(fc.constantFrom(...addresses), { maxLength: 2 }),
  topics: fc.array(fc.uniqueArray(fc.constantFrom(...topics), { maxLength: 2 }), { maxLength: 4 }),
});

describe("log filters", () => {
  it("match as geth matches: positions are needed even where anything goes", () => {
    const log: Log = { address: addresses[0]!, topics: [topics[0]!], blockHash: "", logIndex: "0x0" };
    assert.ok(matches({ addresses: [], topics: [] }, log));
    assert.ok(matches({ addresses: [addresses[0]!], topics: [[]] }, log));
    assert.ok(!matches({ addresses: [], topics: [[], []] }, log));
    assert.ok(!matches({ addresses: [addresses[1]!], topics: [] }, log));
    assert.ok(!matches({ addresses: [], topics: [[topics[1]!]] }, log));
  });

  it("have a union that loses nothing", () => {
    fc.assert(
      fc.property(fc.array(anyFilter, { minLength: 1, maxLength: 5 }), anyLog, (filters, log) => {
        if (filters.some((filter) => matches(filter, log))) assert.ok(matches(union(filters), log));
      }),
    );
  });

  it("are never missed by a bloom", () => {
    fc.assert(
      fc.property(anyFilter, fc.array(anyLog, { maxLength: 8 }), (filter, logs) => {
        if (logs.some((log) => matches(filter, log))) assert.ok(mayMatch(bloomOf(logs), filter));
      }),
    );
    assert.ok(!mayMatch(bloomOf([]), { addresses: [addresses[0]!], topics: [] }));
  });

  it("only read answers about the block that was asked for", () => {
    const log = { address: addresses[0]!, topics: [], blockHash: genesis.hash, logIndex: "0x1" };
    assert.equal(readLogs([log], genesis.hash)?.length, 1);
    assert.equal(readLogs([{ ...log, blockHash: topics[0] }], genesis.hash), undefined);
    assert.equal(readLogs([{ ...log, topics: null }], genesis.hash), undefined);
    assert.equal(readLogs("0x", genesis.hash), undefined);
  });
});

describe("the proof that logs are complete", () => {
  const logs: Log[] = [{ address: addresses[0]!, topics: [], blockHash: genesis.hash, logIndex: "0x0" }];
  const bloomed = (of: Log[]): Header => ({ ...genesis, logsBloom: `0x${bloomOf(of).toString("hex")}` });
  const filter: LogFilter = { addresses: [addresses[0]!], topics: [] };

  it("asks for the whole block until a bloom was right, then only where the bloom leaves a chance", () => {
    const proof = new LogProof();
    assert.deepEqual(proof.firstQuery(bloomed(logs), filter), { kind: "whole" });
    assert.ok(proof.accepts(bloomed(logs), filter, { kind: "whole" }, logs));
    assert.deepEqual(proof.firstQuery(bloomed(logs), filter), { kind: "filtered" });
    assert.deepEqual(proof.firstQuery(bloomed([]), filter), { kind: "none" });
  });

  it("does not take an empty answer of a node that does not have the block", () => {
    const proof = new LogProof();
    assert.ok(!proof.accepts(bloomed(logs), filter, { kind: "filtered" }, []));
    assert.ok(!proof.accepts(bloomed(logs), filter, { kind: "whole" }, []));
    assert.ok(proof.accepts(bloomed([]), filter, { kind: "whole" }, []));
  });

  it("asks nothing about a block without receipts", () => {
    const empty = {
      ...bloomed(logs),
      receiptsRoot: "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    };
    assert.deepEqual(new LogProof().firstQuery(empty, filter), { kind: "none" });
  });

  it("learns that a chain's blooms mean nothing", () => {
    const proof = new LogProof();
    for (let times = 0; times < 3; times++) {
      assert.ok(proof.accepts(bloomed([]), filter, { kind: "whole" }, logs));
    }
    assert.deepEqual(proof.firstQuery(bloomed([]), filter), { kind: "filtered" });
  });
});

describe("the stream of logs", () => {
  it("delivers each block's logs once, in order, and takes them back with their block, whenever answers come", () => {
    const operation = fc.oneof(
      { weight: 4, arbitrary: fc.constant("add" as const) },
      { weight: 2, arbitrary: fc.constant("remove" as const) },
      { weight: 4, arbitrary: fc.constant("answer" as const) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
        const stream = new LogStream(100);
        const chain: Header[] = [genesis];
        const held: string[] = [];
        let sequence = 0;
        const logOf = (header: Header): Log => ({
          address: addresses[0]!,
          topics: [],
          blockHash: header.hash,
          logIndex: "0x0",
        });
        const turn = (answer: boolean): boolean => {
          let step = stream.next();
          if (step.kind === "idle" || (step.kind === "fetch" && !answer)) return false;
          if (step.kind === "fetch") step = stream.supply(step.header.hash, [logOf(step.header)]);
          if (step.kind !== "deliver") return true;
          for (const log of step.logs) {
            if (!step.removed) held.push(log.blockHash);
            else assert.equal(held.pop(), log.blockHash, "what came last is taken back first");
          }
          return true;
        };
        operations.forEach((step, index) => {
          if (step === "add") {
            const header = block(chain.at(-1)!, String(index));
            chain.push(header);
            stream.push({ kind: "added", header }, ++sequence);
          } else if (step === "remove") {
            if (chain.length > 1) stream.push({ kind: "removed", header: chain.pop()! }, ++sequence);
          } else turn(true);
        });
        while (turn(true)) {}
        assert.deepEqual(
          held,
          chain.slice(1).map(({ hash }) => hash),
        );
        assert.equal(stream.waiting, 0);
      }),
      { numRuns: 1000 },
    );
  });

  it("takes back what was delivered under the number of its addition, so that newcomers don't get it", () => {
    const stream = new LogStream(10);
    const header = block(genesis);
    stream.push({ kind: "added", header }, 7);
    stream.supply(header.hash, []);
    stream.push({ kind: "removed", header }, 9);
    assert.deepEqual(stream.next(), { kind: "deliver", logs: [], removed: true, sequence: 7 });
  });

  it("ignores the answer about a block that has left the chain meanwhile", () => {
    const stream = new LogStream(10);
    const header = block(genesis);
    stream.push({ kind: "added", header }, 1);
    assert.equal(stream.next().kind, "fetch");
    stream.push({ kind: "removed", header }, 2);
    assert.equal(stream.supply(header.hash, []).kind, "idle");
    assert.equal(stream.next().kind, "idle");
  });
});
