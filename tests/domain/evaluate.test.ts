import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { evaluate } from "../../functions/domain/evaluate";
import type { Network } from "../../functions/domain/network";
import type { RegisteredNode } from "../../functions/domain/node";
import { withPool } from "../../functions/domain/pool";
import type { NodeState, ProbeResult, ReferenceHeight } from "../../functions/domain/verdict";

const settings = { maxLagBlocks: 10, blockTimeSeconds: 12, unhealthyAfter: 2, healthyAfter: 2 };
const mainnet: Network = { name: "mainnet", chainId: 1 };
const start = Date.parse("2026-01-01T00:00:00.000Z");

function node(id: string, more: Partial<RegisteredNode> = {}): RegisteredNode {
  return {
    id,
    network: "mainnet",
    url: `https://${id}.example/`,
    isLeader: false,
    weight: 100,
    drained: false,
    source: "admin",
    whenAdded: "2025-01-01T00:00:00.000Z",
    ...more,
  };
}

/** What a node says: a height, or a failure, or more. */
type Says = number | "timeout" | "wrong" | "syncing" | undefined;

function probe(nodeId: string, says: Says): ProbeResult[] {
  if (says === undefined) return [];
  if (says === "timeout") return [{ nodeId, ok: false, reason: "timeout", latencyMs: 2000 }];
  const chainId = says === "wrong" ? 5 : 1;
  const height = typeof says === "number" ? says : 100;
  return [{ nodeId, ok: true, chainId, height, syncing: says === "syncing", latencyMs: 20 }];
}

/** Runs 60 s apart over the same nodes. */
class Story {
  states: NodeState[] = [];
  references: ReferenceHeight[] = [];
  runs = 0;
  /** Credits that each node has spent this month. */
  readonly spent = new Map<string, number>();
  constructor(
    public nodes: RegisteredNode[],
    readonly network: Network = mainnet,
  ) {}

  run(says: Record<string, Says>): this {
    const now = new Date(start + this.runs++ * 60_000).toISOString();
    const probes = this.nodes.flatMap((one) => probe(one.id, says[one.id]));
    const { nodes, states, references, spent } = this;
    const networks = [this.network];
    const result = evaluate({ networks, nodes, states, references, probes, spent, settings, now });
    this.states = result.states;
    if (result.references.length > 0) this.references = result.references;
    return this;
  }
  of(id: string): NodeState {
    const state = this.states.find((one) => one.nodeId === id);
    assert.ok(state, `no state of ${id}`);
    return state;
  }
  get pool(): string[] {
    return this.states.filter((one) => one.inPool).map((one) => one.nodeId);
  }
  get reference(): number | undefined {
    return this.references[0]?.height;
  }
}

describe("credits of the month", () => {
  const limits = { monthlyCredits: 100 };

  it("used up take a node out at once, and it is back at once when a month or a larger plan begins", () => {
    const story = new Story([node("a", { limits }), node("b")]);
    story.spent.set("a", 99);
    story.run({ a: 100, b: 100 });
    assert.deepEqual(story.pool, ["a", "b"]);
    story.spent.set("a", 100);
    story.run({ a: 100, b: 100 });
    assert.deepEqual(story.pool, ["b"]);
    assert.equal(story.of("a").reason, "out_of_credits");
    assert.equal(story.of("a").creditsUsed, 100);
    story.spent.delete("a");
    story.run({ a: 100, b: 100 });
    assert.deepEqual(story.pool, ["a", "b"]);
    assert.equal(story.of("a").creditsUsed, 0);
  });

  it("are not asked after when the node is not well anyhow", () => {
    const story = new Story([node("a", { limits }), node("b")]);
    story.spent.set("a", 100);
    story.run({ a: "timeout", b: 100 }).run({ a: "timeout", b: 100 });
    assert.equal(story.of("a").reason, "timeout");
  });

  it("of a node without a limit are nobody's business", () => {
    const story = new Story([node("a")]);
    story.spent.set("a", 1_000_000);
    story.run({ a: 100 });
    assert.equal(story.of("a").reason, "ok");
    assert.ok(!("creditsUsed" in story.of("a")));
  });

  it("used up by the last node leave it in the pool: it answers, and nobody else does", () => {
    const story = new Story([node("a", { limits }), node("b")]);
    story.spent.set("a", 100);
    story.run({ a: 100, b: 100 });
    assert.deepEqual(story.pool, ["b"]);
    story.run({ a: 100, b: "timeout" }).run({ a: 100, b: "timeout" });
    assert.deepEqual(story.pool, ["a"]);
    story.run({ a: 100, b: 100 }).run({ a: 100, b: 100 });
    assert.deepEqual(story.pool, ["b"]);
  });

  it("used up by the leader leave it what heights are compared with, and the last that is asked", () => {
    const story = new Story([node("l", { isLeader: true, limits }), node("a", { limits })]);
    story.spent.set("l", 100);
    story.run({ l: 100, a: 89 });
    assert.equal(story.reference, 100);
    assert.equal(story.of("a").reason, "lagging");
    story.spent.set("a", 100);
    story.run({ l: 100, a: 100 });
    assert.deepEqual(story.pool, ["a"]);
    story.run({ l: 100, a: "timeout" }).run({ l: 100, a: "timeout" });
    assert.deepEqual(story.pool, ["l"]);
  });
});

describe("reference height", () => {
  it("is the leader's when it answered", () => {
    const story = new Story([node("l", { isLeader: true }), node("a"), node("b"), node("c")]);
    story.run({ l: 100, a: 103, b: 90, c: 89 });
    assert.equal(story.reference, 100);
    assert.equal(story.of("b").reason, "ok");
    assert.equal(story.of("b").lag, 10);
    assert.equal(story.of("c").reason, "lagging");
    assert.equal(story.of("c").lag, 11);
    assert.equal(story.of("a").lag, -3);
  });
  it("is the second-highest of three or more without a leader", () => {
    assert.equal(new Story([node("a"), node("b"), node("c")]).run({ a: 100, b: 120, c: 110 }).reference, 110);
  });
  it("is the highest of one or two", () => {
    assert.equal(new Story([node("a"), node("b")]).run({ a: 100, b: 120 }).reference, 120);
    assert.equal(new Story([node("a")]).run({ a: 100 }).reference, 100);
  });
  it("is the others' when the leader did not answer, is syncing or on a wrong chain", () => {
    for (const says of ["timeout", "syncing", "wrong", undefined] as const) {
      const story = new Story([node("l", { isLeader: true }), node("a"), node("b")]);
      assert.equal(story.run({ l: says, a: 500, b: 499 }).reference, 500);
    }
  });
  it("ignores nodes on a wrong chain", () => {
    const story = new Story([node("a"), node("b")]).run({ a: "wrong", b: 7 });
    assert.equal(story.reference, 7);
    assert.equal(story.of("a").reason, "wrong_chain");
    assert.equal(story.of("a").lag, undefined);
  });
  it("uses a network's own lag", () => {
    const story = new Story([node("a"), node("b")], { ...mainnet, maxLagBlocks: 2 }).run({ a: 100, b: 97 });
    assert.equal(story.of("b").reason, "lagging");
  });
});

describe("a height that rose too fast", () => {
  // In 60 s of 12 s blocks: at most 10 × 5 + 10 = 60 above the last reference.
  for (const isLeader of [false, true]) {
    it(`is a bad response, said by ${isLeader ? "the leader" : "any node"}`, () => {
      const story = new Story([node("x", { isLeader }), node("a")]).run({ x: 100, a: 100 });
      story.run({ x: 2 ** 53 - 1, a: 105 });
      assert.equal(story.of("x").reason, "bad_response");
      assert.equal(story.of("x").lag, undefined);
      assert.equal(story.of("a").reason, "ok");
      assert.equal(story.reference, 105);
    });
  }
  it("is believed up to the limit and when a second node confirms it", () => {
    const story = new Story([node("a"), node("b")]).run({ a: 100, b: 100 });
    story.run({ a: 160, b: 100 });
    assert.equal(story.of("a").reason, "ok");
    const jump = new Story([node("a"), node("b"), node("c")]).run({ a: 100, b: 100, c: 100 });
    jump.run({ a: 5000, b: 4995, c: 100 });
    assert.equal(jump.of("a").reason, "ok");
    assert.equal(jump.of("c").reason, "lagging");
  });
  it("is believed of a node that is alone after a while, and the faster chain is learned", () => {
    const story = new Story([node("a")], { name: "mainnet", chainId: 1 }).run({ a: 100 });
    const reasons = [];
    for (let run = 1; run <= 12; run++) reasons.push(story.run({ a: 100 + run * 600 }).of("a").reason);
    assert.deepEqual(reasons.slice(0, 4), ["bad_response", "bad_response", "bad_response", "ok"]);
    assert.deepEqual(new Set(reasons.slice(8)), new Set(["ok"]));
    assert.deepEqual(story.pool, ["a"]);
  });
  it("is measured with what is known of the chain", () => {
    const arbitrum: Network = { name: "mainnet", chainId: 42161 };
    const says = (height: number): ProbeResult[] => [
      { nodeId: "a", ok: true, chainId: 42161, height, syncing: false, latencyMs: 1 },
    ];
    const base = { networks: [arbitrum], nodes: [node("a")], settings };
    const first = evaluate({
      ...base,
      states: [],
      references: [],
      probes: says(100),
      now: "2026-01-01T00:00:00.000Z",
    });
    const second = evaluate({ ...base, ...first, probes: says(340), now: "2026-01-01T00:01:00.000Z" });
    assert.equal(second.states[0]?.reason, "ok");
  });
  it("follows a chain that was reset", () => {
    const story = new Story([node("a"), node("b")]).run({ a: 1000, b: 1000 }).run({ a: 3, b: 3 });
    assert.equal(story.reference, 3);
    assert.equal(story.of("a").reason, "ok");
  });
});

describe("hysteresis", () => {
  it("drops a node after two bad probes and takes it back after two good ones", () => {
    const story = new Story([node("a"), node("b")]).run({ a: 1, b: 1 });
    const healthy = (says: Says) => story.run({ a: says, b: 1 }).of("a").healthy;
    assert.deepEqual(
      [1, "timeout", 1, "timeout", "timeout", 1, "timeout", 1, 1].map((says) => healthy(says as Says)),
      [true, true, true, true, false, false, false, false, true],
    );
  });
  it("needs one good probe of a node that has never been healthy", () => {
    const story = new Story([node("a")]).run({ a: "timeout" }).run({ a: "timeout" });
    assert.equal(story.of("a").healthy, false);
    assert.equal(story.run({ a: 1 }).of("a").healthy, true);
  });
  it("drops a node on a wrong chain at once", () => {
    const story = new Story([node("a"), node("b")]).run({ a: 1, b: 1 }).run({ a: "wrong", b: 1 });
    assert.equal(story.of("a").healthy, false);
    assert.deepEqual(story.pool, ["b"]);
  });
  it("keeps the state of a node that was not probed", () => {
    const story = new Story([node("a"), node("b")]).run({ a: 1, b: 1 });
    const before = story.of("a");
    assert.deepEqual(story.run({ b: 1 }).of("a"), before);
  });
  it("forgets what it knew of a node that was removed and added again", () => {
    const story = new Story([node("a")]).run({ a: 1 }).run({ a: "timeout" }).run({ a: "timeout" });
    story.nodes = [node("a", { whenAdded: new Date(start + 150_000).toISOString() })];
    assert.equal(story.run({ a: 2 }).of("a").healthy, true);
  });
  it("tells since when", () => {
    const story = new Story([node("a"), node("b")]).run({ a: 1, b: 1 }).run({ a: 1, b: 1 });
    assert.equal(story.of("a").since, "2026-01-01T00:00:00.000Z");
    story.run({ a: "timeout", b: 1 }).run({ a: "timeout", b: 1 });
    assert.equal(story.of("a").since, "2026-01-01T00:03:00.000Z");
  });
});

describe("pool", () => {
  const leader = node("l", { isLeader: true });
  it("holds the leader only when nobody else is healthy", () => {
    const story = new Story([leader, node("a")]).run({ l: 9, a: 9 });
    assert.deepEqual(story.pool, ["a"]);
    story.run({ l: 9, a: "timeout" }).run({ l: 9, a: "timeout" });
    assert.deepEqual(story.pool, ["l"]);
    story.run({ l: 9, a: 9 }).run({ l: 9, a: 9 });
    assert.deepEqual(story.pool, ["a"]);
  });
  it("keeps the last healthy nodes when everything is dead, the leader too", () => {
    const story = new Story([leader, node("a"), node("b")]).run({ l: 9, a: 9, b: 9 });
    for (let run = 0; run < 5; run++) story.run({ l: "timeout", a: "timeout", b: "timeout" });
    assert.deepEqual(story.pool, ["a", "b"]);
    assert.ok(story.states.every((state) => !state.healthy));
  });
  it("keeps a leader that was the last one", () => {
    const story = new Story([leader, node("a")]).run({ l: 9, a: 9 });
    story.run({ l: 9, a: "timeout" }).run({ l: 9, a: "timeout" });
    story.run({ l: "timeout", a: "timeout" }).run({ l: "timeout", a: "timeout" });
    assert.deepEqual(story.pool, ["l"]);
  });
  it("never holds a drained node or one on a wrong chain", () => {
    const story = new Story([node("a", { drained: true }), node("b")])
      .run({ a: 1, b: 1 })
      .run({ a: 1, b: "wrong" });
    assert.deepEqual(story.pool, []);
  });
  it("falls back to nodes that were healthy once when the last of the pool is removed", () => {
    const story = new Story([node("a"), node("b")]).run({ a: 1, b: 1 });
    story.run({ a: 1, b: "timeout" }).run({ a: 1, b: "timeout" });
    assert.deepEqual(story.pool, ["a"]);
    const left = withPool([node("b")], story.states);
    assert.deepEqual(
      left.filter((state) => state.inPool).map((state) => state.nodeId),
      ["b"],
    );
  });
});

describe("evaluate (properties)", () => {
  const says = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 95, max: 105 }) },
    { weight: 1, arbitrary: fc.constantFrom<Says>("timeout", "wrong", "syncing", undefined) },
    { weight: 1, arbitrary: fc.maxSafeNat() },
  );
  const ids = ["l", "a", "b", "c"];
  const runs = fc.array(fc.tuple(says, says, says, says), { minLength: 1, maxLength: 8 });
  const story = (withLeader: boolean) =>
    new Story(ids.map((id) => node(id, { isLeader: withLeader && id === "l" })));
  const play = (told: Story, values: Says[]) =>
    told.run(Object.fromEntries(ids.map((id, index) => [id, values[index]])));

  it("never drops everything once a pool is known, unless it is on a wrong chain", () => {
    fc.assert(
      fc.property(runs, fc.boolean(), (script, withLeader) => {
        const told = story(withLeader);
        for (const values of script) {
          const before = told.pool;
          play(told, values);
          if (before.length === 0 || told.pool.length > 0) continue;
          assert.ok(told.states.filter((s) => s.everHealthy).every((s) => s.reason === "wrong_chain"));
        }
      }),
    );
  });
  it("puts the leader into the pool only if no other node is healthy", () => {
    fc.assert(
      fc.property(runs, (script) => {
        const told = story(true);
        for (const values of script) {
          play(told, values);
          if (!told.pool.includes("l")) continue;
          assert.ok(told.states.every((s) => s.nodeId === "l" || !s.healthy));
        }
      }),
      { examples: [[[[100, 100, 100, 100]]]] },
    );
  });
  it("lets no lone liar condemn the others, whatever it says", () => {
    const lie = fc.oneof(fc.maxSafeNat(), fc.constantFrom<Says>("wrong", "syncing", "timeout"));
    fc.assert(
      fc.property(fc.array(lie, { minLength: 1, maxLength: 6 }), (lies) => {
        const told = story(false);
        play(told, [100, 100, 100, 100]);
        for (const [run, value] of lies.entries()) {
          play(told, [value, 101 + run, 101 + run, 101 + run]);
          for (const id of ["a", "b", "c"]) assert.equal(told.of(id).reason, "ok");
        }
      }),
    );
  });
  it("changes health only as the streaks say", () => {
    fc.assert(
      fc.property(runs, (script) => {
        const told = story(false);
        for (const values of script) {
          const before = new Map(told.states.map((s) => [s.nodeId, s]));
          play(told, values);
          for (const after of told.states) {
            const was = before.get(after.nodeId);
            assert.ok(after.goodStreak === 0 || after.badStreak === 0);
            if (was?.healthy && !after.healthy)
              assert.ok(after.badStreak >= 2 || after.reason === "wrong_chain");
            if (was && !was.healthy && after.healthy) assert.ok(after.goodStreak >= 2 || !was.everHealthy);
          }
        }
      }),
    );
  });
  it("chooses the same pool again", () => {
    fc.assert(
      fc.property(runs, fc.boolean(), (script, withLeader) => {
        const told = story(withLeader);
        for (const values of script) play(told, values);
        assert.deepEqual(withPool(told.nodes, told.states), told.states);
      }),
    );
  });
});
