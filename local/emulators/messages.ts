import type { ReleaseStoredEvent } from "../../functions/handlers/redeploy";

/** Access key and secret that s3rver knows; every other one is refused. */
export const s3Credentials = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };

/** From the runner to the process of the emulators. A port of 0 takes any free one. */
export interface ChildStart {
  folder: string;
  dynamoPort: number;
  s3Port: number;
  bucket: string;
}

/** From the process of the emulators to the runner. */
export type ChildMessage =
  | { type: "ready"; dynamoPort: number; s3Port: number }
  | { type: "failed"; reason: string }
  | { type: "s3Event"; event: ReleaseStoredEvent };
