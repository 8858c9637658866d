import type { S3Event } from "aws-lambda";

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
  | { type: "s3Event"; event: S3Event };
