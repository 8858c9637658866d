import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { releaseSha256, renderRelease } from "../../functions/domain/render/renderRelease";
import { buildProxy } from "../../proxy-image/build";
import { type Emulators, startEmulators } from "../support/emulators";
import { failoverScenarios, shortFailoverScenarios } from "../support/failoverScenarios";
import { FailoverStage } from "../support/failoverStage";
import { MockNode } from "../support/mockNode";
import { template } from "../support/nginx";
import { until } from "../support/poll";
import { poolOf } from "../support/pool";
import { freePorts } from "../support/ports";
import { baseImage, buildah, ensureBase } from "./base";
import {
  environmentOf,
  prepareReadOnlyRoot,
  region,
  rootOf,
  startContainer,
  withReadOnlyRoot,
} from "./container";
import { ContainerGateway } from "./containerGateway";
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
    const environment = environmentOf(emulators, port);
    const run = startContainer({ runner, container, entrypoint: configuration.Entrypoint, environment });
    try {
      const started = Date.now();
      const result = await until(() => ask(port), { what: "an answer from a node", deadlineMs: 30_000 });
      console.log(`    first answer ${((Date.now() - started) / 1000).toFixed(1)} s after the start`);
      assert.equal(result, "0x1");
      const check = configuration.Healthcheck.Test.slice(1);
      const health = await runner.run(
        buildah("run", "--isolation=chroot", ...environment, container, "--", ...check),
      );
      assert.equal(health.code, 0, health.stderr);
      await until(async () => (await heartbeatVersion()) === 1, { what: "the heartbeat" });
    } finally {
      await run.terminate();
    }
    assert.equal(run.exitCode(), 0, run.output());
    assert.equal(await heartbeatVersion(), undefined, "the task has left the registry");
    const root = await rootOf(runner, container);
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

  // As on Fargate. The control plane runs here, against the same emulators.
  describe("with its root mounted read-only", () => {
    let root: string;
    let gateway: ContainerGateway;
    let stage: FailoverStage;

    before(async () => {
      root = await rootOf(runner, container);
      await prepareReadOnlyRoot(root);
      const entrypoint = configuration.Entrypoint;
      stage = await FailoverStage.start(async (nodes) => {
        gateway = await ContainerGateway.start(
          { runner, container, entrypoint, emulators, readOnlyRoot: root },
          nodes,
        );
        return gateway;
      });
    });
    after(async () => {
      await stage?.stop();
      if (gateway) assert.equal(gateway.container.exitCode(), 0, gateway.events);
    });

    it("lets not even its root user write outside of the volume", async () => {
      const write = "touch /probe; touch /run/jsonrpc-gateway/probe && echo the volume is writable";
      const run = ["run", "--isolation=chroot", "--user=0:0", container, "--"];
      const { stdout, stderr } = await runner.run(withReadOnlyRoot(root, buildah(...run, "sh", "-c", write)));
      assert.match(stderr, /\/probe'?: Read-only file system/);
      assert.equal(stdout.trim(), "the volume is writable");
    });

    describe("no client request fails while", () => {
      beforeEach(() => stage.everyoneServes());
      afterEach(function () {
        if (this.currentTest?.state === "failed") console.error(gateway.events);
        stage.heal();
      });
      for (const { title, run } of process.env.SOAK ? failoverScenarios : shortFailoverScenarios) {
        it(title, () => run(stage));
      }
    });
  });

  const publishAndFindPort = async (): Promise<number> => {
    const files = renderRelease(template, poolOf([{ url: `http://127.0.0.1:${node.port}` }]));
    const publishedAt = new Date().toISOString();
    const release = { format: 1, version: 1, sha256: releaseSha256(files), publishedAt, files } as const;
    await emulators.releaseStore().setCurrent(release);
    const [port = 0] = await freePorts(1);
    return port;
  };

  const heartbeatVersion = async (): Promise<number | undefined> => {
    const [task] = await emulators.registry(region).listTasks();
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
});
