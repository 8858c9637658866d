import type { Header } from "./header";

/** Where a header was seen. */
export interface Source {
  id: string;
  /** One node, so that another block at the same height is a change of its mind; false for the road, behind which many nodes answer. */
  single: boolean;
}

export type ChainEvent =
  | { kind: "added"; header: Header }
  /** No longer canonical; newest first. */
  | { kind: "removed"; header: Header }
  /** What came between can't be told any more: too much is missing, or the fork lies below the history. */
  | { kind: "broken"; header: Header };

/** What has to happen next. */
export type Step =
  | { kind: "idle" }
  /** A block is missing: give it to `supply`, or call `abandon` when nobody has it. */
  | { kind: "fetch"; hash: string; number: number; source: string }
  | { kind: "events"; events: ChainEvent[] };

export interface ChainLimits {
  /** Blocks remembered below the head: reorganisations deeper than this can't be followed block by block. */
  historyBlocks: number;
  /** Most blocks that are fetched to close one gap. */
  maxGapBlocks: number;
  /** How long the road has to insist on another block at the head's height before it is believed. */
  contenderMs: number;
  /** How long nobody must have confirmed the head before a lower or unconnected chain is believed. */
  staleMs: number;
}

const defaultChainLimits: ChainLimits = {
  historyBlocks: 64,
  maxGapBlocks: 1024,
  contenderMs: 2_000,
  staleMs: 30_000,
};

interface Candidate {
  source: Source;
  header: Header;
  /** Since when this source contradicts the present head. */
  sinceMs: number;
}

/**
 * The canonical chain of one network, as far as its subscribers were told: blocks linked by parent hash, without a gap. Sources that
 * die, lag, repeat themselves, or disagree feed it; it says which blocks are missing, and in the end which were added and removed. Pure:
 * no clock, no network.
 *
 * A source wins over the present head with a longer chain that links to the history. With one of the same length it wins when it is the
 * very node that gave the head (it has reorganised), or when it insists while nobody confirms the head. A shorter or unconnected one
 * wins only when nobody has confirmed the head for long: one node that lags, lies, or is alone on its fork moves nothing.
 */
export class Chain {
  readonly #limits: ChainLimits;
  /** Oldest first, without a gap; its last is the head. */
  #canonical: Header[] = [];
  readonly #canonicalByHash = new Map<string, Header>();
  /** Seen or fetched, not canonical (yet). */
  readonly #loose = new Map<string, Header>();
  readonly #candidates = new Map<string, Candidate>();
  #headSource = "";
  #confirmedAtMs = 0;

  constructor(limits: Partial<ChainLimits> = {}) {
    this.#limits = { ...defaultChainLimits, ...limits };
  }

  get head(): Header | undefined {
    return this.#canonical.at(-1);
  }

  has(hash: string): boolean {
    return this.#canonicalByHash.has(hash);
  }

  /** A source says that this is its newest block. The first one ever is the base that nobody is told of. */
  observe(header: Header, source: Source, nowMs: number): void {
    const head = this.head;
    if (!head) {
      this.#restart(header, source.id, nowMs);
      return;
    }
    if (this.#canonicalByHash.has(header.hash)) {
      this.#candidates.delete(source.id);
      if (header.hash === head.hash) {
        this.#confirmedAtMs = nowMs;
        if (source.single) this.#headSource = source.id;
      }
      return;
    }
    this.#loose.set(header.hash, header);
    const sinceMs = this.#candidates.get(source.id)?.sinceMs ?? nowMs;
    this.#candidates.set(source.id, { source, header, sinceMs });
  }

  /** A block that was asked for (or might be useful). */
  supply(header: Header): void {
    if (!this.#canonicalByHash.has(header.hash)) this.#loose.set(header.hash, header);
  }

  /** Nobody has the block that a source's chain needs: what it said is forgotten until it says something again. */
  abandon(sourceId: string): void {
    this.#candidates.delete(sourceId);
  }

  /** Call until idle after each `observe` and `supply`. */
  next(nowMs: number): Step {
    const waiting = [...this.#candidates.values()].sort((a, b) => a.header.number - b.header.number);
    for (const candidate of waiting) {
      if (!this.#mayWin(candidate, nowMs)) continue;
      const step = this.#link(candidate, nowMs);
      if (step.kind !== "idle") return step;
    }
    return { kind: "idle" };
  }

  #mayWin({ header, source, sinceMs }: Candidate, nowMs: number): boolean {
    const head = this.head!;
    if (header.number > head.number) return true;
    const insistsMs = nowMs - Math.max(sinceMs, this.#confirmedAtMs);
    if (header.number < head.number) return insistsMs >= this.#limits.staleMs;
    return (source.single && source.id === this.#headSource) || insistsMs >= this.#limits.contenderMs;
  }

  /** Walks from a candidate down to the canonical chain. */
  #link(candidate: Candidate, nowMs: number): Step {
    const { header, source } = candidate;
    const tail = this.#canonical[0]!;
    if (header.number - this.head!.number > this.#limits.maxGapBlocks) return this.#giveUp(candidate, nowMs);
    const path = [header];
    for (let lowest = header; ; ) {
      const ancestor = this.#canonicalByHash.get(lowest.parentHash);
      const parent = ancestor ?? this.#loose.get(lowest.parentHash);
      if (parent && parent.number !== lowest.number - 1) {
        // Numbers that don't fit the links: whoever says this, it is no chain.
        this.#candidates.delete(source.id);
        return { kind: "idle" };
      }
      if (ancestor) return this.#commit(ancestor, path, source.id, nowMs);
      if (lowest.number <= tail.number) return this.#giveUp(candidate, nowMs);
      if (!parent) {
        return { kind: "fetch", hash: lowest.parentHash, number: lowest.number - 1, source: source.id };
      }
      path.push(parent);
      lowest = parent;
    }
  }

  /** A chain that can't be linked: believed only when the present one seems to be gone. */
  #giveUp({ header, source, sinceMs }: Candidate, nowMs: number): Step {
    const gone =
      nowMs - this.#confirmedAtMs >= this.#limits.staleMs && nowMs - sinceMs >= this.#limits.contenderMs;
    if (!gone) return { kind: "idle" };
    this.#restart(header, source.id, nowMs);
    return { kind: "events", events: [{ kind: "broken", header }] };
  }

  #commit(ancestor: Header, path: Header[], sourceId: string, nowMs: number): Step {
    const events: ChainEvent[] = [];
    while (this.head !== ancestor) {
      const header = this.#canonical.pop()!;
      this.#canonicalByHash.delete(header.hash);
      this.#loose.set(header.hash, header);
      events.push({ kind: "removed", header });
    }
    for (const header of path.reverse()) {
      this.#loose.delete(header.hash);
      this.#canonical.push(header);
      this.#canonicalByHash.set(header.hash, header);
      events.push({ kind: "added", header });
    }
    this.#headSource = sourceId;
    this.#confirmedAtMs = nowMs;
    this.#trim(nowMs);
    return { kind: "events", events };
  }

  #restart(header: Header, sourceId: string, nowMs: number): void {
    this.#canonical = [header];
    this.#canonicalByHash.clear();
    this.#canonicalByHash.set(header.hash, header);
    this.#loose.clear();
    this.#candidates.clear();
    this.#headSource = sourceId;
    this.#confirmedAtMs = nowMs;
  }

  #trim(nowMs: number): void {
    const surplus = this.#canonical.length - this.#limits.historyBlocks - 1;
    for (const header of this.#canonical.splice(0, Math.max(0, surplus))) {
      this.#canonicalByHash.delete(header.hash);
    }
    const lowest = this.#canonical[0]!.number;
    const most = this.#limits.historyBlocks + this.#limits.maxGapBlocks;
    for (const header of this.#loose.values()) {
      if (header.number < lowest || this.#loose.size > most) this.#loose.delete(header.hash);
    }
    for (const [id, candidate] of this.#candidates) {
      if (this.#canonicalByHash.has(candidate.header.hash)) this.#candidates.delete(id);
      else candidate.sinceMs = nowMs;
    }
  }
}
