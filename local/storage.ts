import { createDynamoClient, createS3Client } from "../functions/adapters/awsClients";
import { createDynamoRegistry } from "../functions/adapters/dynamoRegistry";
import { createS3ReleaseStore } from "../functions/adapters/s3ReleaseStore";
import { systemClock } from "../functions/adapters/systemClock";
import type { Registry } from "../functions/ports/registry";
import type { ReleaseStore } from "../functions/ports/releaseStore";
import type { Emulators } from "./emulators/emulators";

/** What this machine is called where AWS has a region. */
export const localRegion = "local";

export interface Storage {
  registry: Registry;
  releaseStore: ReleaseStore;
}

/** The adapters that AWS uses, on the emulators' addresses. */
export function createStorage(emulators: Emulators): Storage {
  return {
    registry: createDynamoRegistry({
      client: createDynamoClient(emulators.dynamoConfig),
      tableName: emulators.tableName,
      region: localRegion,
      clock: systemClock,
    }),
    releaseStore: createS3ReleaseStore(createS3Client(emulators.s3Config), emulators.bucket),
  };
}
