import { namedMethods } from "./methods";
import { type Needs, OldKind } from "./needs";
import { sharedState } from "./sharedState";
import { raiseEpoch } from "./state";
import type { Network, Node } from "./types";

/** After so long nobody knows whether a node still lacks what it lacked. */
const rememberedMs = 600_000;
/** So many methods are remembered in one number. */
const methodsPerNumber = 40;

/** What a node has shown not to have, and to have; a copy like all of `Node`. */
export interface Gaps {
  /** Methods that it does not support. */
  methods: Set<string>;
  /** By `OldKind`: up to this height it lacks what is old; −1 when it lacks nothing. */
  missing: [state: number, history: number];
  /** By `OldKind`: from this height on it has what is old; undefined when it was never asked. */
  served: [state: number | undefined, history: number | undefined];
}

/*
 * Only methods that metrics name are remembered, and two heights each: a caller can't fill the memory. The numbers of a node hold
 * until the instant in `until`; the network's says whether there are any at all, so that usually one number is read.
 */
const untilKey = (id: string) => `gu|${id}`;
const methodsKey = (id: string, part: number) => `gm${part}|${id}`;
const missingKey = (id: string, kind: OldKind) => `gx${kind}|${id}`;
const servedKey = (id: string, kind: OldKind) => `gs${kind}|${id}`;

/** The node has no such method. */
export function learnUnsupported(network: Network, node: Node, method: string, now: number): void {
  const index = namedMethods.indexOf(method);
  if (index < 0 || network.nodes.length < 2 || node.gaps?.methods.has(method)) return;
  const key = methodsKey(node.id, Math.floor(index / methodsPerNumber));
  const bit = 2 ** (index % methodsPerNumber);
  learn(network, node, now, (known) => {
    const bits = known.get(key) ?? 0;
    if (Math.floor(bits / bit) % 2 === 0) known.set(key, bits + bit);
  });
}

/** The node lacks an old block, or its state. */
export function learnMissing(network: Network, node: Node, old: Needs["old"], now: number): void {
  if (old === undefined || network.nodes.length < 2) return;
  const { height, kind } = old;
  if (node.gaps !== undefined && node.gaps.missing[kind] >= height) return;
  learn(network, node, now, (known) => {
    known.set(missingKey(node.id, kind), height);
    if ((known.get(servedKey(node.id, kind)) ?? -1) <= height) known.delete(servedKey(node.id, kind));
  });
}

/** The node has an old block, or its state. Worth knowing only where others lack some. */
export function learnServed(network: Network, node: Node, old: Needs["old"], now: number): void {
  if (old === undefined || !network.hasGaps) return;
  const { height, kind } = old;
  const served = node.gaps?.served[kind];
  if (served !== undefined && served <= height) return;
  learn(network, node, now, (known) => {
    known.set(servedKey(node.id, kind), height);
    if ((known.get(missingKey(node.id, kind)) ?? -1) >= height) known.delete(missingKey(node.id, kind));
  });
}

function learn(
  network: Network,
  { id }: Node,
  now: number,
  change: (known: NgxSharedDict<number>) => void,
): void {
  const known = sharedState();
  try {
    if (now >= (known.get(untilKey(id)) ?? 0)) forget(id);
    change(known);
    known.set(untilKey(id), now + rememberedMs);
    known.set(`gu|${network.name}`, now + rememberedMs);
    raiseEpoch(network.epochKey);
  } catch {
    // A full dictionary costs an attempt, no call.
  }
}

function forget(id: string): void {
  const known = sharedState();
  for (let part = 0; part * methodsPerNumber < namedMethods.length; part++)
    known.delete(methodsKey(id, part));
  for (const kind of [OldKind.state, OldKind.history]) {
    known.delete(missingKey(id, kind));
    known.delete(servedKey(id, kind));
  }
}

/** Brings a context's copies up to date. */
export function readGaps(network: Network, now: number): void {
  const known = sharedState();
  network.hasGaps = now < (known.get(`gu|${network.name}`) ?? 0);
  network.gapMethods = noMethods;
  if (!network.hasGaps) return;
  const all = new Set<string>();
  for (const node of network.leader === undefined ? network.nodes : [...network.nodes, network.leader]) {
    node.gaps = now < (known.get(untilKey(node.id)) ?? 0) ? gapsOf(node.id) : undefined;
    for (const method of node.gaps?.methods ?? []) all.add(method);
  }
  network.gapMethods = all;
}
const noMethods = new Set<string>();

function gapsOf(id: string): Gaps {
  const known = sharedState();
  const methods = new Set<string>();
  namedMethods.forEach((method, index) => {
    const part = Math.floor(index / methodsPerNumber);
    const bits = known.get(methodsKey(id, part)) ?? 0;
    if (Math.floor(bits / 2 ** (index % methodsPerNumber)) % 2 === 1) methods.add(method);
  });
  return {
    methods,
    missing: [
      known.get(missingKey(id, OldKind.state)) ?? -1,
      known.get(missingKey(id, OldKind.history)) ?? -1,
    ],
    served: [known.get(servedKey(id, OldKind.state)), known.get(servedKey(id, OldKind.history))],
  };
}

/** The node has shown that it can't answer such a call. */
export function lacks({ gaps }: Node, method: string, old: Needs["old"]): boolean {
  if (gaps === undefined) return false;
  return gaps.methods.has(method) || (old !== undefined && gaps.missing[old.kind] >= old.height);
}

/** The node has answered such a call about a block as old. */
export function hasServed({ gaps }: Node, old: Needs["old"]): boolean {
  if (old === undefined) return false;
  const served = gaps?.served[old.kind];
  return served !== undefined && served <= old.height;
}
