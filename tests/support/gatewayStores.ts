import { readFileSync } from "node:fs";
import { createDynamoClient, createS3Client } from "../../functions/adapters/awsClients";
import { createDynamoRegistry } from "../../functions/adapters/dynamoRegistry";
import { createS3ReleaseStore } from "../../functions/adapters/s3ReleaseStore";
import { systemClock } from "../../functions/adapters/systemClock";
import type { Registry } from "../../functions/ports/registry";
import type { ReleaseStore } from "../../functions/ports/releaseStore";
import type { Gateway } from "./gateway";
import { descendants } from "./processes";

/** The process that plays DynamoDB and S3 for a running gateway. */
export function emulatorProcess(gateway: Gateway): number {
  const found = descendants(gateway.pid).find((one) => one.command.includes("emulators/child"));
  if (!found) throw new Error("The gateway has no emulators.");
  return found.pid;
}

/** Registry and release store of a running gateway, found as its agent finds them: in its environment. */
export function storesOf(gateway: Gateway): { registry: Registry; releaseStore: ReleaseStore } {
  const agent = descendants(gateway.pid).find((one) => one.command.includes("agent.js"));
  if (!agent) throw new Error("The gateway has no agent.");
  const environment = Object.fromEntries(
    readFileSync(`/proc/${agent.pid}/environ`, "utf8")
      .split("\0")
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
  const { AWS_REGION: region = "", AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = environment;
  const shared = {
    region,
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  };
  return {
    registry: createDynamoRegistry({
      client: createDynamoClient({ ...shared, endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB }),
      tableName: environment.REGISTRY_TABLE ?? "",
      region: environment.GATEWAY_REGION ?? "",
      clock: systemClock,
    }),
    releaseStore: createS3ReleaseStore(
      createS3Client({ ...shared, endpoint: environment.AWS_ENDPOINT_URL_S3 }),
      environment.RELEASE_BUCKET ?? "",
    ),
  };
}
