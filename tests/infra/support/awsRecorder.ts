import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { account, region } from "./mockAws";

/** One call of an AWS API, as IAM sees it. */
export interface AwsCall {
  /** `dynamodb:PutItem` */
  action: string;
  /** ARN of what it acts on. */
  resource: string;
  context: Record<string, string | string[]>;
}

/** Answers of services that have no emulator here, by `X-Amz-Target`'s operation. */
export type Answers = Record<string, (input: Record<string, unknown>) => unknown>;

/**
 * One address for all of AWS: writes down every call, hands those of DynamoDB and S3 to the emulators and answers the
 * others. What it sees is what left the process, whoever wrote the code.
 */
export class AwsRecorder {
  readonly calls: AwsCall[] = [];
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(endpoints: { dynamo: string; s3: string }, answers: Answers): Promise<AwsRecorder> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const recorder = new AwsRecorder(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", (incoming, outgoing) => {
      recorder.serve(incoming, outgoing, endpoints, answers).catch((error: unknown) => {
        outgoing.writeHead(500).end(String(error));
      });
    });
    return recorder;
  }

  /** What a process needs in its environment to call us. */
  get environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.url,
      AWS_ENDPOINT_URL_S3: this.url,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: "S3RVER",
      AWS_SECRET_ACCESS_KEY: "S3RVER",
    };
  }

  async close(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    endpoints: { dynamo: string; s3: string },
    answers: Answers,
  ): Promise<void> {
    const body = await readAll(incoming);
    const target = incoming.headers["x-amz-target"];
    if (typeof target !== "string") {
      this.calls.push(s3Call(incoming));
      return forward(endpoints.s3, incoming, body, outgoing);
    }
    const [service = "", operation = ""] = target.split(".");
    const input = JSON.parse(body.toString()) as Record<string, unknown>;
    if (service.startsWith("DynamoDB")) {
      this.calls.push(dynamoCall(operation, input));
      return forward(endpoints.dynamo, incoming, body, outgoing);
    }
    this.calls.push(otherCall(service, operation, input));
    const answer = answers[operation]?.(input);
    outgoing.writeHead(answer ? 200 : 400, { "content-type": "application/x-amz-json-1.1" });
    outgoing.end(JSON.stringify(answer ?? { __type: "UnknownOperationException" }));
  }
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function forward(
  endpoint: string,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<void> {
  const { hostname, port } = new URL(endpoint);
  const { method, url: path, headers } = incoming;
  const passed = request({ hostname, port, method, path, headers });
  passed.end(body);
  const [answer] = (await once(passed, "response")) as [IncomingMessage];
  outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
  answer.pipe(outgoing);
}

function s3Call({ method, url = "/" }: IncomingMessage): AwsCall {
  const [, bucket, ...key] = new URL(url, "http://s3").pathname.split("/");
  const action = { GET: "s3:GetObject", PUT: "s3:PutObject", DELETE: "s3:DeleteObject" }[method ?? ""];
  return {
    action: action ?? `s3:${method}`,
    resource: `arn:aws:s3:::${bucket}/${decodeURIComponent(key.join("/"))}`,
    context: {},
  };
}

function dynamoCall(operation: string, input: Record<string, unknown>): AwsCall {
  const table = (input.TableName ?? Object.keys((input.RequestItems as object) ?? {})[0]) as string;
  return {
    action: `dynamodb:${operation}`,
    resource: `arn:aws:dynamodb:${region}:${account}:table/${table}`,
    context: { "dynamodb:LeadingKeys": leadingKeys(input) },
  };
}

interface Attribute {
  S: string;
}

/** Partition keys that a call touches. */
function leadingKeys(input: Record<string, unknown>): string[] {
  const item = (input.Key ?? input.Item) as { pk: Attribute } | undefined;
  if (item) return [item.pk.S];
  const values = input.ExpressionAttributeValues as { ":pk"?: Attribute } | undefined;
  if (values?.[":pk"]) return [values[":pk"].S];
  const batches = Object.values(input.RequestItems as Record<string, { Keys: { pk: Attribute }[] }>);
  return [...new Set(batches.flatMap((batch) => batch.Keys.map((key) => key.pk.S)))];
}

function otherCall(service: string, operation: string, input: Record<string, unknown>): AwsCall {
  const [prefix, resource] = service.startsWith("AmazonEC2ContainerService")
    ? ["ecs", `arn:aws:ecs:${region}:${account}:service/cluster/${ecsService(input)}`]
    : service.startsWith("AWSStepFunctions")
      ? ["states", input.stateMachineArn]
      : ["secretsmanager", input.SecretId];
  return { action: `${prefix}:${operation}`, resource: String(resource), context: {} };
}

function ecsService(input: Record<string, unknown>): string {
  return String(input.service ?? (input.services as string[] | undefined)?.[0]);
}
