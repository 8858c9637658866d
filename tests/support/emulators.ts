import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { createDynamoClient, createS3Client } from "../../functions/adapters/awsClients";
import { createDynamoRegistry } from "../../functions/adapters/dynamoRegistry";
import { createS3ReleaseStore } from "../../functions/adapters/s3ReleaseStore";
import { systemClock } from "../../functions/adapters/systemClock";
import { registryTable } from "../../functions/adapters/tableDefinition";
import type { Clock } from "../../functions/ports/clock";
import type { Registry } from "../../functions/ports/registry";
import type { ReleaseStore } from "../../functions/ports/releaseStore";
import { until } from "./poll";

// Neither package has types.
type DynaliteServer = Server & { closeAllConnections(): void };
const dynalite = require("dynalite") as (options: { createTableMs: number; path?: string }) => DynaliteServer;
interface S3rverServer {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
  httpServer: { closeAllConnections(): void };
}
const S3rver = require("s3rver") as new (options: object) => S3rverServer;

/** What the emulators take for credentials (s3rver knows only these). */
const emulatorCredentials = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };

export interface Emulators {
  dynamoEndpoint: string;
  s3Endpoint: string;
  dynamo: DynamoDBClient;
  s3: S3Client;
  tableName: string;
  bucket: string;
  /** What a process needs in its environment to use them. */
  environment: Record<string, string>;
  registry(region?: string, clock?: Clock): Registry;
  releaseStore(): ReleaseStore;
  /** A further, empty table, so that suites don't see each other's items. */
  createTable(name: string): Promise<void>;
  /** A further, empty bucket. */
  createBucket(name: string): Promise<ReleaseStore>;
  close(): Promise<void>;
}

/** DynamoDB and S3 on loopback, with an empty table and bucket. */
export async function startEmulators(): Promise<Emulators> {
  const [dynamo, s3] = await Promise.all([startDynamo(), startS3()]);
  const tableName = "registry";
  await createTable(dynamo.client, tableName);
  return {
    dynamoEndpoint: dynamo.endpoint,
    s3Endpoint: s3.endpoint,
    dynamo: dynamo.client,
    s3: s3.client,
    tableName,
    bucket: s3.bucket,
    environment: {
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: emulatorCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: emulatorCredentials.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      REGISTRY_TABLE: tableName,
      RELEASE_BUCKET: s3.bucket,
    },
    registry: (region = "us-east-1", clock = systemClock) =>
      createDynamoRegistry({ client: dynamo.client, tableName, region, clock }),
    releaseStore: () => createS3ReleaseStore(s3.client, s3.bucket),
    createTable: (name) => createTable(dynamo.client, name),
    createBucket: async (name) => {
      await s3.client.send(new CreateBucketCommand({ Bucket: name }));
      return createS3ReleaseStore(s3.client, name);
    },
    close: async () => {
      await Promise.all([dynamo.close(), s3.close()]);
    },
  };
}

async function startDynamo() {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createDynamoClient({ endpoint, region: "us-east-1", credentials: emulatorCredentials });
  const close = async () => {
    client.destroy();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return { endpoint, client, close };
}

async function startS3() {
  const bucket = "releases";
  const directory = await mkdtemp(join(tmpdir(), "s3-"));
  const server = new S3rver({
    port: 0,
    address: "127.0.0.1",
    silent: true,
    directory,
    configureBuckets: [{ name: bucket }],
  });
  const endpoint = `http://127.0.0.1:${(await server.run()).port}`;
  const client = createS3Client({ endpoint, region: "us-east-1", credentials: emulatorCredentials });
  const close = async () => {
    client.destroy();
    const closed = server.close();
    server.httpServer.closeAllConnections();
    await closed;
    await rm(directory, { recursive: true, force: true });
  };
  return { endpoint, client, bucket, close };
}

async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: registryTable.billingMode,
      AttributeDefinitions: registryTable.attributes.map((one) => ({
        AttributeName: one.name,
        AttributeType: one.type,
      })),
      KeySchema: [
        { AttributeName: registryTable.hashKey, KeyType: "HASH" },
        { AttributeName: registryTable.rangeKey, KeyType: "RANGE" },
      ],
    }),
  );
  // The answer comes while the table is still being made.
  await until(
    async () =>
      (await client.send(new DescribeTableCommand({ TableName: name }))).Table?.TableStatus === "ACTIVE",
    { what: `table ${name} is there`, everyMs: 5 },
  );
}
