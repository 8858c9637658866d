import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { Release } from "../domain/release";
import { ReleaseFormatError, type ReleaseStore } from "../ports/releaseStore";

/** A release that is larger is not read: 1,000 nodes of the longest URLs make about 10 MB. */
const maxReleaseBytes = 32 * 1024 * 1024;
const currentKey = "current.json";

const releaseType: z.ZodType<Release> = z.object({
  format: z.literal(1),
  version: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  publishedAt: z.iso.datetime(),
  files: z.strictObject({ "nginx.conf": z.string(), "pool.json": z.string() }),
});

/** `0000000007` is version 7: keys sort as versions do. */
function releaseKey(version: number): string {
  return `releases/${String(version).padStart(10, "0")}.json`;
}

/** Releases in an S3 bucket. The reader needs `s3:ListBucket` too, or a missing object looks forbidden. */
export function createS3ReleaseStore(client: S3Client, bucket: string): ReleaseStore {
  const put = async (key: string, release: Release) => {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: JSON.stringify(release),
        ContentType: "application/json",
        CacheControl: "no-store",
      }),
    );
  };
  const get = async (key: string, etag?: string) => {
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfNoneMatch: etag }));
    const release = parseRelease(key, await readBody(key, object.Body, object.ContentLength));
    return { status: "found" as const, release, etag: object.ETag ?? "" };
  };
  return {
    putRelease: (release) => put(releaseKey(release.version), release),
    setCurrent: (release) => put(currentKey, release),
    getRelease: async (version) => {
      const found = await get(releaseKey(version)).catch(unlessAbsent);
      return found.status === "found" ? found.release : undefined;
    },
    getCurrent: async (etag) => {
      try {
        return await get(currentKey, etag);
      } catch (error) {
        return httpStatus(error) === 304 ? { status: "unchanged" } : unlessAbsent(error);
      }
    },
  };
}

/** What comes as `Body`: a Node stream with the SDK's helpers. */
type Body = AsyncIterable<Uint8Array>;

async function readBody(key: string, body: unknown, length: number | undefined): Promise<string> {
  const tooLarge = () => new ReleaseFormatError(`${key} is larger than ${maxReleaseBytes} bytes.`);
  if (length !== undefined && length > maxReleaseBytes) {
    (body as { destroy?: () => void }).destroy?.();
    throw tooLarge();
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body as Body) {
    size += part.byteLength;
    if (size > maxReleaseBytes) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parseRelease(key: string, text: string): Release {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ReleaseFormatError(`${key} is not JSON.`);
  }
  const parsed = releaseType.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => issue.path.join(".") || "all of it").join(", ");
  throw new ReleaseFormatError(`${key} is not a release of a known format: ${where}.`);
}

function unlessAbsent(error: unknown): { status: "absent" } {
  if (httpStatus(error) === 404) return { status: "absent" };
  throw error;
}

function httpStatus(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
