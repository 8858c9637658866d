import { createHash } from "node:crypto";

/** Random bytes of a key. */
export const keyBytes = 32;

/**
 * The text of a key: a prefix that secret scanners and people recognise, and 256 random bits in characters that a path takes.
 * @param random `keyBytes` bytes that nobody can foretell
 */
export function keyText(random: Uint8Array): string {
  if (random.length !== keyBytes) throw new Error(`A key has ${keyBytes} random bytes.`);
  return `gw_${Buffer.from(random).toString("base64url")}`;
}

/**
 * What is stored of a key: its SHA-256 in hex. Neither slow nor salted, unlike a password's: those slow down guessing, and 256 random
 * bits can't be guessed. It is computed for strangers' requests, so it has to be cheap.
 */
export function keyHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
