import { keccak256 } from "ethers";
import type { Log, LogFilter } from "./logFilter";

/** The 2,048-bit filter that a header carries over the addresses and topics of its logs (Yellow Paper, 4.3.1). */
export type Bloom = Buffer;

export function readBloom(hex: string): Bloom {
  return Buffer.from(hex.slice(2), "hex");
}

/** The three bits of an address or topic. */
function bitsOf(value: string): number[] {
  const digest = Buffer.from(keccak256(value).slice(2, 14), "hex");
  return [0, 2, 4].map((offset) => digest.readUInt16BE(offset) & 2047);
}

function contains(bloom: Bloom, value: string): boolean {
  return bitsOf(value).every((bit) => (bloom[255 - (bit >> 3)]! & (1 << (bit & 7))) !== 0);
}

/** False only when no log of the block can match: blooms know no false negatives. */
export function mayMatch(bloom: Bloom, filter: LogFilter): boolean {
  if (bloom.every((byte) => byte === 0)) return false;
  const any = (values: string[]) => values.length === 0 || values.some((value) => contains(bloom, value));
  return any(filter.addresses) && filter.topics.every(any);
}

/** The bloom of all logs of a block: equal to the header's exactly when none is missing. */
export function bloomOf(logs: Log[]): Bloom {
  const bloom = Buffer.alloc(256);
  const values = new Set(logs.flatMap((log) => [log.address.toLowerCase(), ...log.topics]));
  for (const value of values) {
    for (const bit of bitsOf(value)) bloom[255 - (bit >> 3)]! |= 1 << (bit & 7);
  }
  return bloom;
}
