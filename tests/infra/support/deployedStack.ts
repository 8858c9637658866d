import { cpSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { type Emulators, startEmulators } from "../../support/emulators";
import { ArchiveLambda } from "./archiveLambda";
import { filesOf } from "./archives";
import { type Answers, AwsRecorder } from "./awsRecorder";
import { type ProgramConfig, type ProgramRun, runProgram } from "./runProgram";

/** The functions of a stack, each its archive in a process of its own, against the emulators. */
export class DeployedStack {
  private readonly lambdas = new Map<string, { lambda: ArchiveLambda; recorder: AwsRecorder }>();

  private constructor(
    readonly run: ProgramRun,
    readonly emulators: Emulators,
    private readonly folder: string,
    private readonly answers: Answers,
  ) {}

  static async deploy(config: ProgramConfig, answers: Answers): Promise<DeployedStack> {
    const [run, emulators] = await Promise.all([runProgram(config), startEmulators()]);
    await emulators.createTable("gateway-test-registry");
    await emulators.s3.send(new CreateBucketCommand({ Bucket: "gateway-test-releases" }));
    // Away from the project, where Node finds no packages above.
    const folder = mkdtempSync(join(tmpdir(), "gateway-lambda-"));
    cpSync(run.folder, folder, { recursive: true });
    return new DeployedStack(run, emulators, folder, answers);
  }

  /** The registry as the functions see it. */
  get registryOptions() {
    return { client: this.emulators.dynamo, tableName: "gateway-test-registry", region: "eu-west-1" };
  }

  /** Names of all functions, without the stack's prefix. */
  get names(): string[] {
    return this.run.stack
      .all("aws:lambda/function:Function")
      .map(({ name }) => name.replace("gateway-test-", ""));
  }

  /** The function of that name (without the stack's prefix), started at its first use. */
  async lambda(name: string): Promise<{ lambda: ArchiveLambda; recorder: AwsRecorder }> {
    const known = this.lambdas.get(name);
    if (known) return known;
    const endpoints = { dynamo: this.emulators.dynamoEndpoint, s3: this.emulators.s3Endpoint };
    const recorder = await AwsRecorder.start(endpoints, this.answers);
    const { environment } = this.run.stack.one("aws:lambda/function:Function", `gateway-test-${name}`);
    const { variables } = environment as { variables: Record<string, string> };
    const lambda = new ArchiveLambda(join(this.folder, `gateway-test-${name}`), {
      ...variables,
      ...recorder.environment,
    });
    const started = { lambda, recorder };
    this.lambdas.set(name, started);
    return started;
  }

  async invoke<Result>(name: string, event: unknown): Promise<Result> {
    return (await this.lambda(name)).lambda.invoke<Result>(event);
  }

  /** Bytes of a function's unpacked archive. */
  archiveBytes(name: string): number {
    const folder = join(this.folder, `gateway-test-${name}`);
    return filesOf(folder).reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
  }

  async destroy(): Promise<void> {
    for (const { lambda, recorder } of this.lambdas.values()) {
      await lambda.close();
      await recorder.close();
    }
    await this.emulators.close();
    this.run.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
