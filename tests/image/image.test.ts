import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "mocha";
import { systemClock } from "../../functions/adapters/systemClock";
import { releaseSha256, renderRelease } from "../../functions/domain/render/renderRelease";
import { buildProxy } from "../../proxy-image/build";
import { AnvilChain } from "../support/anvil";
import { createControlPlane } from "../support/controlPlane";
import { type Emulators, startEmulators } from "../support/emulators";
import { FaultyNode } from "../support/faultyNode";
import { describeFailures, Load } from "../support/load";
import { MockNode } from "../support/mockNode";
import { template } from "../support/nginx";
import { until } from "../support/poll";
import { poolOf } from "../support/pool";
import { freePorts } from "../support/ports";
import { descendants } from "../support/processes";
import { runWorkflow } from "../support/runWorkflow";
import { baseImage, buildah, ensureBase } from "./base";
import { cache, imageTools, must, NotPossibleError, type Runner } from "./tools";

const project = resolve(__dirname, "../..");
const image = "localhost/jsonrpc-gateway:test";

interface ImageConfiguration {
  User: string;
  Entrypoint: string[];
  Healthcheck: { Test: string[] };
  StopSignal: string;
  Volumes: Record<string, unknown>;
}

describe("the proxy's image", function () {
  this.timeout(1_200_000);
  let runner: Runner;
  let folder: string;
  let emulators: Emulators;
  let node: MockNode;
  let configuration: ImageConfiguration;
  let container: string;

  before(async function () {
    try {
      runner = await imageTools();
    } catch (error) {
      if (!(error instanceof NotPossibleError)) throw error;
      console.warn(`\n  NOT TESTED: the image can't be built here: ${error.message}\n`);
      return this.skip();
    }
    await ensureBase(runner, (line) => console.log(`    ${line}`));
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, "context-"));
    [emulators, node] = await Promise.all([startEmulators(), MockNode.start()]);
    await buildProxy(join(folder, "dist/proxy"));
    const started = Date.now();
    await must(
      runner,
      buildah(
        ...["build", "--isolation=chroot", "--pull=never", "--format=docker", "-t", image],
        ...["--build-arg", `NGINX_IMAGE=${baseImage}`, "--build-arg", `NODE_IMAGE=${baseImage}`],
        ...["-f", join(project, "proxy-image/Dockerfile"), folder],
      ),
    );
    const described = JSON.parse(await must(runner, buildah("inspect", "--type", "image", image))) as {
      Docker: { config: ImageConfiguration };
    };
    configuration = described.Docker.config;
    container = (await must(runner, buildah("from", "--pull=never", image))).trim();
    const size = async (name: string) =>
      (await must(runner, buildah("images", "--format", "{{.Size}}", name))).trim();
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`    built in ${seconds} s; ${await size(image)}, its base ${await size(baseImage)}`);
  });

  after(async () => {
    if (container) await runner.run(buildah("rm", container));
    if (configuration) await runner.run(buildah("rmi", image));
    await Promise.all([emulators?.close(), node?.close()]);
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it("runs as a user without rights, checks its health, and is ended by TERM", () => {
    assert.match(configuration.User, /^[1-9]\d*:[1-9]\d*$/);
    assert.equal(configuration.StopSignal, "SIGTERM");
    assert.deepEqual(Object.keys(configuration.Volumes), ["/run/jsonrpc-gateway"]);
    assert.equal(configuration.Healthcheck.Test[0], "CMD");
  });

  it("serves a call through a release, is healthy, writes nowhere but its volume, and ends with 0", async () => {
    const port = await publishAndFindPort();
    const run = startContainer(port);
    try {
      const started = Date.now();
      const result = await until(() => ask(port), { what: "an answer from a node", deadlineMs: 30_000 });
      console.log(`    first answer ${((Date.now() - started) / 1000).toFixed(1)} s after the start`);
      assert.equal(result, "0x1");
      const check = configuration.Healthcheck.Test.slice(1);
      const health = await runner.run(
        buildah("run", "--isolation=chroot", ...environmentOf(port), container, "--", ...check),
      );
      assert.equal(health.code, 0, health.stderr);
      await until(async () => (await heartbeatVersion()) === 1, { what: "the heartbeat" });
    } finally {
      await run.terminate();
    }
    assert.equal(run.exitCode(), 0, run.output());
    assert.equal(await heartbeatVersion(), undefined, "the task has left the registry");
    const root = (await must(runner, buildah("mount", container))).trim();
    const [user] = configuration.User.split(":");
    const search = [
      "find",
      root,
      "-xdev",
      "-user",
      user ?? "",
      "-not",
      "-path",
      `${root}/run/jsonrpc-gateway*`,
    ];
    assert.equal(await must(runner, search), "", "files outside of the volume");
    const raised = ["find", root, "-xdev", "-type", "f", "-perm", "/6000"];
    assert.equal(await must(runner, raised), "", "programs that raise rights");
  });

  it("loses no call while a node dies and comes back and the control plane's releases are rolled out", async () => {
    const chain = await AnvilChain.start({ replicas: 2, blockTimeMs: 500 });
    const nodes = await Promise.all(chain.urls.map((url) => FaultyNode.start(url)));
    const registry = emulators.registry("image");
    const releaseStore = await emulators.createBucket("failover");
    for (const { url } of nodes) {
      const source = "operator" as const;
      await registry.addNode({ network: "anvil", url, isLeader: false, weight: 100, drained: false, source });
    }
    const networks = { networks: [{ name: "anvil", chainId: 31337 }], defaultNetwork: "anvil" };
    const settings = { probeTimeoutSeconds: 0.5 };
    const controlPlane = createControlPlane({
      registry,
      releaseStore,
      clock: systemClock,
      networks,
      settings,
    });
    const checkedUntil = (inPool: number) =>
      until(
        async () => {
          await runWorkflow(controlPlane.handlers, "healthCheck").result;
          const pool = (await registry.listStates()).filter((state) => state.inPool);
          const current = await registry.currentRelease();
          return pool.length === inPool && (await heartbeatVersion()) === current?.version;
        },
        { what: `the container runs a release with ${inPool} nodes`, deadlineMs: 30_000, everyMs: 500 },
      );
    const [port = 0] = await freePorts(1);
    const run = startContainer(port, { RELEASE_BUCKET: "failover" });
    try {
      await checkedUntil(2);
      const check = (result: unknown) => /^0x[0-9a-f]+$/.test(result as string);
      const load = new Load(`http://127.0.0.1:${port}/`, [{ method: "eth_blockNumber", params: [], check }]);
      await nodes[0]!.down();
      await checkedUntil(1);
      await nodes[0]!.up();
      await checkedUntil(2);
      const report = await load.stop();
      assert.equal(report.failures.length, 0, describeFailures(report));
      assert.equal(report.headsFalling, 0);
      assert.ok(report.requests > 100, `only ${report.requests} requests`);
    } finally {
      await run.terminate();
      await Promise.all(nodes.map((one) => one.close()));
      await chain.stop();
    }
    assert.equal(run.exitCode(), 0, run.output());
  });

  const publishAndFindPort = async (): Promise<number> => {
    const files = renderRelease(template, poolOf([{ url: `http://127.0.0.1:${node.port}` }]));
    const publishedAt = new Date().toISOString();
    const release = { format: 1, version: 1, sha256: releaseSha256(files), publishedAt, files } as const;
    await emulators.releaseStore().setCurrent(release);
    const [port = 0] = await freePorts(1);
    return port;
  };

  const environmentOf = (port: number, others: Record<string, string> = {}): string[] => {
    const variables = {
      ...emulators.environment,
      GATEWAY_REGION: "image",
      TASK_ID: "image",
      PORT: String(port),
      RELEASE_POLL_SECONDS: "0.25",
      HEARTBEAT_SECONDS: "0.5",
      ...others,
    };
    return Object.entries(variables).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  };

  const heartbeatVersion = async (): Promise<number | undefined> => {
    const [task] = await emulators.registry("image").listTasks();
    return task?.releaseVersion;
  };

  const ask = async (port: number): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] }),
    });
    const { result } = (await answer.json()) as { result?: unknown };
    return result;
  };

  /** The entry point as the image has it, without any capability. */
  const startContainer = (port: number, others?: Record<string, string>) => {
    const command = buildah(
      ...["run", "--isolation=chroot", "--cap-drop=all", ...environmentOf(port, others), container, "--"],
      ...configuration.Entrypoint,
    );
    const child = runner.start(command);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    const terminate = async () => {
      const processes = descendants(child.pid ?? 0);
      const agent = processes.find(({ command: line }) => /^\S*node \S*agent\.js/.test(line));
      if (agent) process.kill(agent.pid, "SIGTERM");
      else for (const { pid } of processes) process.kill(pid, "SIGKILL");
      await until(() => child.exitCode !== null || child.signalCode !== null, {
        what: "the container's end",
      });
    };
    return { terminate, exitCode: () => child.exitCode, output: () => output };
  };
});
