import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface AwsCall {
  /** `AmazonEC2ContainerServiceV20141113.UpdateService` and the like. */
  target: string;
  input: Record<string, unknown>;
}

/** An AWS service of the JSON protocol on loopback, for services that no emulator on npm offers. */
export class AwsEndpoint {
  readonly calls: AwsCall[] = [];
  /** Answers by operation name; a missing one is a 400. */
  answers: Record<string, object> = {};
  private readonly server: Server;

  private constructor() {
    this.server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
      const target = String(request.headers["x-amz-target"]);
      this.calls.push({ target, input: JSON.parse(Buffer.concat(parts).toString("utf8")) });
      const answer = this.answers[target.split(".")[1] ?? ""];
      response.writeHead(answer ? 200 : 400, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(answer ?? { __type: "AccessDeniedException", message: "no" }));
    });
  }

  static async start(): Promise<AwsEndpoint> {
    const endpoint = new AwsEndpoint();
    await new Promise<void>((resolve) => endpoint.server.listen(0, "127.0.0.1", resolve));
    return endpoint;
  }

  /** What a client needs to talk to it. */
  get config() {
    return {
      endpoint: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "x", secretAccessKey: "x" },
      maxAttempts: 1,
    };
  }

  operations(): (string | undefined)[] {
    return this.calls.map((call) => call.target.split(".")[1]);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
