import { after, before, describe } from "mocha";
import { createDynamoRegistry } from "../../functions/adapters/dynamoRegistry";
import { type Emulators, startEmulators } from "../support/emulators";
import { registryContract } from "./registryContract";

describe("DynamoDB registry", () => {
  let emulators: Emulators;
  let tables = 0;
  before(async () => {
    emulators = await startEmulators();
  });
  after(() => emulators.close());

  async function open() {
    let now = new Date("2026-01-01T00:00:00.000Z");
    const tableName = `table-${tables++}`;
    await emulators.createTable(tableName);
    const registry = (region = "here") =>
      createDynamoRegistry({ client: emulators.dynamo, tableName, region, clock: { now: () => now } });
    const setNow = (instant: string) => {
      now = new Date(instant);
    };
    return { registry, setNow };
  }

  registryContract("DynamoDB", { open });
});
