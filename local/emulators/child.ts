import path from "node:path";
import { startDynamoEmulator } from "./dynamoEmulator";
import type { ChildMessage, ChildStart } from "./messages";
import { startS3Emulator } from "./s3Emulator";

/*
 * The process of both emulators. They get one of their own because a request that breaks off makes them throw where
 * nobody can catch it, and so that their work doesn't delay probes.
 */

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

async function start({ folder, dynamoPort, s3Port, bucket }: ChildStart): Promise<() => Promise<void>> {
  const [dynamo, s3] = await Promise.all([
    startDynamoEmulator(path.join(folder, "dynamodb"), dynamoPort),
    startS3Emulator(path.join(folder, "s3"), s3Port, bucket, (event) => send({ type: "s3Event", event })),
  ]);
  send({ type: "ready", dynamoPort: dynamo.port, s3Port: s3.port });
  return dynamo.close;
}

let closeDatabase: (() => Promise<void>) | undefined;

process.once("message", (message: ChildStart) => {
  start(message).then(
    (close) => {
      closeDatabase = close;
    },
    (error: unknown) => {
      send({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
      process.exit(1);
    },
  );
});

// The channel closes when the runner wants us to end, and when it has died.
process.once("disconnect", () => {
  const end = () => process.exit(0);
  if (closeDatabase) closeDatabase().then(end, end);
  else end();
});
