import type { ReferenceHeight } from "./verdict";

/** A node that answered, on the right chain and in step with it. */
export interface Sighting {
  nodeId: string;
  height: number;
  isLeader: boolean;
  /** Its last probes said a height that could not be true, this many times in a row. */
  disbelievedRuns: number;
}

export interface HeightRules {
  maxLagBlocks: number;
  /** Expected seconds between blocks: what is configured or known. */
  blockTimeSeconds: number;
}

/** A chain is believed to grow up to this many times faster than expected (catching up after a halt, bursts). */
const fastestGrowth = 10;
/** A node that nobody else can confirm or contradict is believed after having been disbelieved in this many runs. */
const loneRunsBeforeBelief = 3;
/** Weight of the newest observation in the learned block time fades over about this many seconds. */
const learningSeconds = 300;

/** The highest height that can be true without a second node saying so; undefined before the first reference. */
function plausibleHeight(
  last: ReferenceHeight | undefined,
  now: string,
  rules: HeightRules,
): number | undefined {
  if (!last) return undefined;
  const elapsedSeconds = Math.max(0, (Date.parse(now) - Date.parse(last.checkedAt)) / 1000);
  const blockTime = Math.min(rules.blockTimeSeconds, last.blockTimeSeconds ?? rules.blockTimeSeconds);
  return last.height + (fastestGrowth * elapsedSeconds) / blockTime + rules.maxLagBlocks;
}

/**
 * Sorts out who tells a height that can't be true: higher than the chain can have grown since the last run, and confirmed
 * by no other node (one at most `maxLagBlocks` below, or higher still).
 */
export function believable(
  sightings: Sighting[],
  last: ReferenceHeight | undefined,
  now: string,
  rules: HeightRules,
): Sighting[] {
  const limit = plausibleHeight(last, now, rules);
  if (limit === undefined) return sightings;
  return sightings.filter((one) => {
    if (one.height <= limit) return true;
    if (sightings.length === 1) return one.disbelievedRuns >= loneRunsBeforeBelief;
    return sightings.some(
      (other) => other.nodeId !== one.nodeId && other.height >= one.height - rules.maxLagBlocks,
    );
  });
}

/** The height to compare with: the leader's, else the second-highest, or the highest when one or two answered. */
export function referenceHeight(sightings: Sighting[]): number | undefined {
  const leader = sightings.find((one) => one.isLeader);
  if (leader) return leader.height;
  const heights = sightings.map((one) => one.height).sort((a, b) => b - a);
  return heights.length >= 3 ? heights[1] : heights[0];
}

/** What to remember for the next run; a height that fell (a node left, a chain was reset) is followed. */
export function nextReference(
  network: string,
  height: number,
  last: ReferenceHeight | undefined,
  now: string,
  rules: HeightRules,
): ReferenceHeight {
  return { network, height, blockTimeSeconds: learnedBlockTime(height, last, now, rules), checkedAt: now };
}

function learnedBlockTime(
  height: number,
  last: ReferenceHeight | undefined,
  now: string,
  rules: HeightRules,
): number | undefined {
  if (!last) return undefined;
  const elapsedSeconds = (Date.parse(now) - Date.parse(last.checkedAt)) / 1000;
  if (elapsedSeconds <= 0 || height < last.height) return last.blockTimeSeconds;
  const expected = last.blockTimeSeconds ?? rules.blockTimeSeconds;
  // Rates are averaged, not periods: a run without a new block is a rate of 0, but an endless period.
  const weight = 1 - Math.exp(-elapsedSeconds / learningSeconds);
  const rate = (1 - weight) / expected + (weight * (height - last.height)) / elapsedSeconds;
  return rate > 0 ? Math.round(1e6 / rate) / 1e6 : expected;
}
