import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateTableCommand,
  DescribeTableCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-dynamodb";
import { createDynamoClient } from "../../functions/adapters/awsClients";
import { registryTable } from "../../functions/adapters/tableDefinition";
import type { ReleaseStoredEvent } from "../../functions/handlers/redeploy";
import type { ProcessGuard } from "../process/processGuard";
import { type ChildMessage, type ChildStart, s3Credentials } from "./messages";

const bucket = "releases";
const tableName = "registry";
const restartPauseMs = 300;

/** DynamoDB and S3 of this machine: where they are, and how they end. */
export class Emulators {
  #child: ChildProcess | undefined;
  #closed = false;

  private constructor(
    private readonly start: ChildStart,
    private readonly onS3Event: (event: ReleaseStoredEvent) => void,
    private readonly guard: ProcessGuard,
  ) {}

  /** @param folder what they keep survives in it */
  static async start(
    folder: string,
    onS3Event: (event: ReleaseStoredEvent) => void,
    guard: ProcessGuard,
  ): Promise<Emulators> {
    const emulators = new Emulators({ folder, dynamoPort: 0, s3Port: 0, bucket }, onS3Event, guard);
    await emulators.#launch();
    await emulators.#createTable();
    return emulators;
  }

  readonly tableName = tableName;
  readonly bucket = bucket;

  /** For the SDK's clients in this process. */
  get dynamoConfig() {
    return { endpoint: this.#url(this.start.dynamoPort), region: "local", credentials: s3Credentials };
  }
  get s3Config() {
    return { endpoint: this.#url(this.start.s3Port), region: "us-east-1", credentials: s3Credentials };
  }

  /** For the SDK's clients in a child. */
  get environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_DYNAMODB: this.#url(this.start.dynamoPort),
      AWS_ENDPOINT_URL_S3: this.#url(this.start.s3Port),
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: s3Credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: "true",
      REGISTRY_TABLE: tableName,
      RELEASE_BUCKET: bucket,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.disconnect();
    const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
    await ended;
    clearTimeout(timer);
  }

  #url(port: number): string {
    return `http://127.0.0.1:${port}`;
  }

  async #launch(): Promise<void> {
    const child = fork(path.join(__dirname, "child.ts"), {
      execArgv: ["--require", require.resolve("tsx/cjs")],
      // Not the terminal's: what old packages print in passing is not for the operator.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      detached: true,
    });
    this.#child = child;
    this.guard.watch(child);
    child.send(this.start);
    const ready = await firstMessage(child);
    this.start.dynamoPort = ready.dynamoPort;
    this.start.s3Port = ready.s3Port;
    child.on("message", (message: ChildMessage) => {
      if (message.type === "s3Event") this.onS3Event(message.event);
    });
    child.once("exit", () => this.#relaunch());
  }

  /** Their data is safe in files, so a crash is no more than a pause. */
  async #relaunch(): Promise<void> {
    while (!this.#closed) {
      await sleep(restartPauseMs);
      if (this.#closed) return;
      try {
        return await this.#launch();
      } catch {
        // The database may still be held by the old process for a moment.
      }
    }
  }

  async #createTable(): Promise<void> {
    const client = createDynamoClient(this.dynamoConfig);
    try {
      await client.send(new DescribeTableCommand({ TableName: tableName }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      const { hashKey, rangeKey, attributes, billingMode } = registryTable;
      await client.send(
        new CreateTableCommand({
          TableName: tableName,
          KeySchema: [
            { AttributeName: hashKey, KeyType: "HASH" },
            { AttributeName: rangeKey, KeyType: "RANGE" },
          ],
          AttributeDefinitions: attributes.map(({ name, type }) => ({
            AttributeName: name,
            AttributeType: type,
          })),
          BillingMode: billingMode,
        }),
      );
    } finally {
      client.destroy();
    }
  }
}

async function firstMessage(child: ChildProcess): Promise<{ dynamoPort: number; s3Port: number }> {
  const [message] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => [{ type: "failed", reason: "they ended at once" }]),
  ])) as [ChildMessage];
  if (message.type === "ready") return message;
  const reason = message.type === "failed" ? message.reason : "no answer";
  throw new Error(`The DynamoDB and S3 emulators can't start: ${reason}`);
}
