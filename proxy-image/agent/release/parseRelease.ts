import { z } from "zod";
import type { Release, ReleaseFiles } from "../../../functions/domain/release";

const longestFile = 16 * 1024 * 1024;

const releaseShape = z.object({
  format: z.literal(1),
  version: z.int().min(1).max(9_999_999_999),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  publishedAt: z.iso.datetime(),
  files: z.strictObject({
    "nginx.conf": z.string().min(1).max(longestFile),
    "pool.json": z.string().min(2).max(longestFile),
  }),
});

/** A release that can't be used; the message holds nothing of its content. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";
}

/**
 * Checks what came out of the store or from disk before anything is done with it: shape, limits, and that the bytes are
 * the ones that were published.
 * @param sha256 of the files, as `releaseSha256`
 * @throws ReleaseError
 */
export function parseRelease(value: unknown, sha256: (files: ReleaseFiles) => string): Release {
  const parsed = releaseShape.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ReleaseError(`release has another form: ${issue?.path.join(".") || "it"} (${issue?.code})`);
  }
  const release = parsed.data;
  if (sha256(release.files) !== release.sha256) {
    throw new ReleaseError(`release ${release.version} is damaged: its sha256 does not match`);
  }
  try {
    JSON.parse(release.files["pool.json"]);
  } catch {
    throw new ReleaseError(`release ${release.version} has a pool.json that is no JSON`);
  }
  return release;
}
