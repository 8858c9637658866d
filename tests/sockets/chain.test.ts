import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { Chain, type ChainEvent } from "../../proxy-image/sockets/core/chain";
import type { Header } from "../../proxy-image/sockets/core/header";
import { block, genesis } from "./support/blocks";

const limits = { historyBlocks: 16, maxGapBlocks: 40, contenderMs: 2_000, staleMs: 30_000 };
const node = (id: string) => ({ id, single: true });
const road = { id: "road", single: false };

/** All blocks there are, and a chain that is fed from them. */
class World {
  readonly blocks = new Map<string, Header>([[genesis.hash, genesis]]);
  readonly chain = new Chain(limits);
  /** What a subscriber has been told, as a stack. */
  told: Header[] = [];
  nowMs = 1_000_000;
  reachable = true;

  mine(parent: Header, salt = ""): Header {
    const mined = block(parent, salt);
    this.blocks.set(mined.hash, mined);
    return mined;
  }

  extend(parent: Header, count: number, salt = ""): Header {
    let tip = parent;
    for (let index = 0; index < count; index++) tip = this.mine(tip, salt);
    return tip;
  }

  observe(header: Header, source: { id: string; single: boolean }): ChainEvent[] {
    const first = this.chain.head === undefined;
    this.chain.observe(header, source, this.nowMs);
    if (first) this.told = [header];
    const events: ChainEvent[] = [];
    for (let steps = 0; ; steps++) {
      assert.ok(steps < 1000, "comes to rest");
      const step = this.chain.next(this.nowMs);
      if (step.kind === "idle") break;
      if (step.kind === "fetch") {
        const found = this.reachable ? this.blocks.get(step.hash) : undefined;
        if (found) this.chain.supply(found);
        else this.chain.abandon(step.source);
        continue;
      }
      for (const event of step.events) this.#tell(event);
      events.push(...step.events);
    }
    return events;
  }

  #tell({ kind, header }: ChainEvent): void {
    if (kind === "broken") {
      this.told = [header];
    } else if (kind === "removed") {
      assert.equal(this.told.pop()?.hash, header.hash, "only the newest block leaves");
    } else {
      assert.equal(header.parentHash, this.told.at(-1)?.hash, "each block continues the one before");
      this.told.push(header);
    }
  }
}

const numbers = (events: ChainEvent[]) => events.map(({ kind, header }) => `${kind} ${header.number}`);

describe("the chain that subscribers see", () => {
  it("starts with the first head, unannounced, and announces what follows once", () => {
    const world = new World();
    assert.deepEqual(world.observe(genesis, road), []);
    const one = world.mine(genesis);
    assert.deepEqual(numbers(world.observe(one, node("a"))), ["added 1"]);
    assert.deepEqual(world.observe(one, node("b")), []);
    assert.deepEqual(world.observe(genesis, node("b")), []);
  });

  it("fills a gap before it goes on", () => {
    const world = new World();
    world.observe(genesis, road);
    assert.deepEqual(numbers(world.observe(world.extend(genesis, 4), node("a"))), [
      "added 1",
      "added 2",
      "added 3",
      "added 4",
    ]);
  });

  it("re-announces a reorganisation from the common ancestor on", () => {
    const world = new World();
    world.observe(genesis, road);
    const trunk = world.extend(genesis, 2);
    world.observe(world.extend(trunk, 2, "old"), node("a"));
    assert.deepEqual(numbers(world.observe(world.extend(trunk, 3, "new"), node("b"))), [
      "removed 4",
      "removed 3",
      "added 3",
      "added 4",
      "added 5",
    ]);
  });

  it("follows the node it follows to another block of the same height at once, others only when they insist", () => {
    const world = new World();
    world.observe(genesis, road);
    world.observe(world.mine(genesis, "x"), node("a"));
    const other = world.mine(genesis, "y");
    assert.deepEqual(world.observe(other, road), []);
    assert.deepEqual(numbers(world.observe(other, node("a"))), ["removed 1", "added 1"]);
    const third = world.mine(genesis, "z");
    assert.deepEqual(world.observe(third, road), []);
    world.nowMs += limits.contenderMs;
    assert.deepEqual(numbers(world.observe(third, road)), ["removed 1", "added 1"]);
  });

  it("does not flip between two nodes that disagree about the same height", () => {
    const world = new World();
    world.observe(genesis, road);
    const [x, y] = [world.mine(genesis, "x"), world.mine(genesis, "y")];
    world.observe(x, road);
    for (let round = 0; round < 20; round++) {
      world.nowMs += 500;
      assert.deepEqual(world.observe(round % 2 ? x : y, road), []);
    }
  });

  it("is not moved by one node far ahead whose chain does not link, nor by one with wrong numbers", () => {
    const world = new World();
    world.observe(genesis, road);
    const liar = { ...block(genesis, "lie"), number: 30, parentHash: `0x${"ab".repeat(32)}` };
    assert.deepEqual(world.observe(liar, node("liar")), []);
    assert.deepEqual(world.observe({ ...liar, number: 10_000 }, node("liar")), []);
    assert.deepEqual(world.observe({ ...block(genesis, "far"), number: 9 }, node("liar")), []);
    assert.deepEqual(numbers(world.observe(world.mine(genesis), road)), ["added 1"]);
  });

  it("goes on while one of the nodes behind the road lies about its height now and then", () => {
    const world = new World();
    world.observe(genesis, road);
    let tip = genesis;
    for (let round = 0; round < 20; round++) {
      world.nowMs += 4_000;
      world.observe({ ...block(tip, "lie"), number: 1_000_000 + round }, road);
      tip = world.mine(tip);
      assert.deepEqual(numbers(world.observe(tip, road)), [`added ${tip.number}`]);
    }
  });

  it("says so when what came between can't be told: only after nobody confirmed the old chain for long", () => {
    const world = new World();
    world.observe(genesis, road);
    const far = world.extend(genesis, limits.maxGapBlocks + 1);
    assert.deepEqual(world.observe(far, road), []);
    world.nowMs += limits.staleMs;
    assert.deepEqual(numbers(world.observe(far, road)), [`broken ${far.number}`]);
    assert.equal(world.chain.head, far);
  });

  it("keeps order and links whatever sources do, and reaches the tip all agree on", () => {
    const source = fc.nat({ max: 3 });
    const operation = fc.oneof(
      fc.record({ do: fc.constant("mine" as const), source, count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant("sync" as const), source, with: source }),
      fc.record({ do: fc.constant("lag" as const), source, count: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ do: fc.constant("observe" as const), source, reachable: fc.boolean() }),
      fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 100, max: 12_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
        const world = new World();
        const tips: Header[] = Array(4).fill(genesis);
        const sources = [node("a"), node("b"), node("c"), road];
        world.observe(genesis, road);
        operations.forEach((step, index) => {
          if (step.do === "mine")
            tips[step.source] = world.extend(tips[step.source]!, step.count, String(index));
          else if (step.do === "sync") tips[step.source] = tips[step.with]!;
          else if (step.do === "wait") world.nowMs += step.ms;
          else if (step.do === "lag") {
            for (let blocks = step.count; blocks > 0; blocks--) {
              tips[step.source] = world.blocks.get(tips[step.source]!.parentHash) ?? tips[step.source]!;
            }
          } else {
            world.reachable = step.reachable;
            world.observe(tips[step.source]!, sources[step.source]!);
          }
        });
        assert.equal(world.told.at(-1), world.chain.head, "the subscriber knows the head");
        // In the end all agree on something longer than all before.
        world.reachable = true;
        const longest = [...world.blocks.values()].reduce((a, b) => (b.number > a.number ? b : a));
        const tip = world.mine(longest, "end");
        for (const one of sources) world.observe(tip, one);
        world.nowMs += limits.staleMs;
        for (const one of sources) world.observe(tip, one);
        assert.equal(world.chain.head?.hash, tip.hash);
      }),
      { numRuns: 1000 },
    );
  });
});
