import { mkdir } from "node:fs/promises";
import S3rver from "s3rver";
import type { ReleaseStoredEvent } from "../../functions/handlers/redeploy";

/**
 * S3 on loopback, kept in a folder. All that knows s3rver is in this file: it is old, and nothing better is on npm.
 * @param onEvent gets the event that S3 would send to a Lambda
 */
export async function startS3Emulator(
  folder: string,
  port: number,
  bucket: string,
  onEvent: (event: ReleaseStoredEvent) => void,
): Promise<{ port: number }> {
  await mkdir(folder, { recursive: true });
  const server = new S3rver({
    address: "127.0.0.1",
    port,
    directory: folder,
    silent: true,
    vhostBuckets: false,
    allowMismatchedSignatures: true,
    configureBuckets: [{ name: bucket }],
  });
  server.on("event", (event: ReleaseStoredEvent) => onEvent(event));
  // koa prints errors of requests (an agent that went away, say) unless somebody listens.
  server.on("error", () => {});
  return { port: (await server.run()).port };
}
