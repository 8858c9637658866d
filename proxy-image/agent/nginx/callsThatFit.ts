import { totalmem } from "node:os";

const MiB = 1024 * 1024;
/** What nginx takes for a call under way, nearly all of it for its JavaScript heap: measured with hundreds at once. */
const callBytes = 1.25 * MiB;
/**
 * The rest is for caches, sockets, answers on their way, and contexts that wait: one worker's while another has the calls, those of the
 * reserves for fewer calls while there are many.
 */
const share = 0.6;
const fewest = 64;
/** nginx counts no further than 65,535; each needs two connections of a worker that has 16,384. */
const most = 8000;

/** How many calls may be under way at once with this much memory, in bytes. */
export function callsThatFit(memory: number): number {
  return Math.min(most, Math.max(fewest, Math.floor((memory * share) / callBytes)));
}

/** Memory that this container may use, or the machine has, in bytes. */
export function availableMemory(): number {
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
}
