import { keccak256 } from "./keccak256";

const blobType = 0x03;

/**
 * Hash of a signed transaction as `eth_sendRawTransaction` takes it.
 * @returns undefined when it is no hex of whole bytes
 */
export function transactionHash(raw: unknown): string | undefined {
  if (typeof raw !== "string" || raw.length % 2 !== 0 || !/^0x[0-9a-f]+$/i.test(raw)) return undefined;
  const bytes = new Uint8Array((raw.length - 2) / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(raw.slice(2 + 2 * i, 4 + 2 * i), 16);
  const hash = keccak256(bytes[0] === blobType ? withoutBlobs(bytes) : bytes);
  return `0x${[...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * A transaction with blobs travels as `03 ‖ rlp([transaction, blobs, commitments, proofs])`, its hash is that of `03 ‖ rlp(transaction)`.
 * @see https://eips.ethereum.org/EIPS/eip-4844#networking
 */
function withoutBlobs(bytes: Uint8Array): Uint8Array {
  const outer = listAt(bytes, 1);
  const inner = outer && listAt(bytes, outer.start);
  if (inner === undefined) return bytes;
  const body = bytes.subarray(outer!.start, inner.end);
  return Uint8Array.of(blobType, ...body);
}

/** Where the content of the RLP list at `index` starts and ends; undefined when there is no list. */
function listAt(bytes: Uint8Array, index: number): { start: number; end: number } | undefined {
  const first = bytes[index];
  if (first === undefined || first < 0xc0) return undefined;
  if (first <= 0xf7) return { start: index + 1, end: index + 1 + (first - 0xc0) };
  const start = index + 1 + (first - 0xf7);
  let length = 0;
  for (let i = index + 1; i < start; i++) length = length * 256 + (bytes[i] ?? 0);
  return { start, end: start + length };
}
