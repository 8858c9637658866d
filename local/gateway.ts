import { readFile } from "node:fs/promises";
import path from "node:path";
import { createEthersNodeProber } from "../functions/adapters/ethersNodeProber";
import { networkOfChain } from "../functions/domain/networkTable";
import { redactText } from "../functions/domain/redact";
import type { NodeProber } from "../functions/ports/nodeProber";
import { buildProxy, type ProxyBuild } from "../proxy-image/build";
import { serveAdmin } from "./adminServer";
import type { LocalConfiguration } from "./configuration/readConfiguration";
import { type ControlPlane, createControlPlane } from "./controlPlane";
import { stopCommands } from "./debian/run";
import { DemoNodes, demoChainId } from "./demo/demoNodes";
import { agentEnvironment } from "./deployer/agentEnvironment";
import { LocalDeployer } from "./deployer/localDeployer";
import { agentRunDirectory } from "./deployer/runDirectory";
import { Emulators } from "./emulators/emulators";
import { Networks } from "./networks";
import { ensureNginx, type NginxInstallation } from "./nginx/ensureNginx";
import type { Cleanup } from "./process/cleanup";
import type { ProcessGuard } from "./process/processGuard";
import { createStorage, localRegion, type Storage } from "./storage";
import { Snapshots } from "./terminal/snapshot";
import type { Step, View } from "./terminal/view";
import { onSchedule } from "./workflow/schedule";

const templateFile = path.join(__dirname, "../proxy-image/nginx.conf.ejs");
const runEndsMs = 2000;

/**
 * The whole system on this machine, put together as AWS puts it together.
 * @public loaded late, where knip does not see it
 */
export class Gateway {
  readonly #prober: NodeProber;
  readonly #runDirectory: string;
  #nginx!: NginxInstallation;
  #build!: ProxyBuild;
  #emulators!: Emulators;
  #storage!: Storage;
  #demo: DemoNodes | undefined;
  #networks!: Networks;
  #deployer!: LocalDeployer;
  #controlPlane!: ControlPlane;

  constructor(
    private readonly configuration: LocalConfiguration,
    private readonly view: View,
    private readonly cleanup: Cleanup,
    private readonly guard: ProcessGuard,
  ) {
    this.#prober = createEthersNodeProber({ allowPrivate: configuration.settings.allowPrivateNodes });
    this.#runDirectory = agentRunDirectory(configuration.dataDirectory);
  }

  /** Resolves when it serves. What it has started by then is in the clean-up's hands. */
  async start(): Promise<void> {
    const { port, adminPort } = this.configuration;
    await this.view.runSteps([this.#parts(), this.#assembly(), this.#service()]);
    this.#watchHealth();
    this.view.serving(
      { proxyUrl: `http://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${adminPort}` },
      new Snapshots(this.#storage.registry),
    );
  }

  #parts(): Step[] {
    const steps: Step[] = [
      { title: "nginx with njs", run: (report) => this.#findNginx(report) },
      { title: "DynamoDB and S3 on this machine", run: () => this.#startEmulators() },
      { title: "proxy program", run: () => this.#buildProxy() },
    ];
    if (this.configuration.nodes.length > 0) return steps;
    return [...steps, { title: "demo nodes (none are given)", run: () => this.#startDemo() }];
  }

  #assembly(): Step[] {
    return [{ title: "nodes and their network", run: (report) => this.#settleNodes(report) }];
  }

  #service(): Step[] {
    return [
      { title: "first health check", run: () => this.#controlPlane.workflow.run("healthCheck") },
      { title: `proxy on port ${this.configuration.port}`, run: () => this.#startProxy() },
      { title: `admin API on port ${this.configuration.adminPort}`, run: () => this.#startAdmin() },
    ];
  }

  async #findNginx(report: (line: string) => void): Promise<void> {
    this.cleanup.defer("search for nginx", stopCommands);
    this.#nginx = await ensureNginx(report, { folders: [this.configuration.dataDirectory] });
    const { version, njsVersion, source } = this.#nginx;
    report(`nginx ${version}, njs ${njsVersion} (${source})`);
  }

  async #startEmulators(): Promise<void> {
    const { dataDirectory } = this.configuration;
    this.#emulators = await Emulators.start(
      dataDirectory,
      (event) => this.#onReleaseStored(event),
      this.guard,
    );
    this.cleanup.defer("emulators", () => this.#emulators.close());
    this.#storage = createStorage(this.#emulators);
  }

  async #buildProxy(): Promise<void> {
    this.#build = await buildProxy(path.join(this.configuration.dataDirectory, "proxy"));
  }

  async #startDemo(): Promise<void> {
    const { dataDirectory, defaultNetwork } = this.configuration;
    const demo = await DemoNodes.start(dataDirectory, defaultNetwork?.chainId ?? demoChainId, this.guard);
    this.cleanup.defer("demo nodes", () => demo.stop());
    this.#demo = demo;
  }

  async #settleNodes(report: (line: string) => void): Promise<void> {
    const { configuration } = this;
    const demo = this.#demo && {
      network: configuration.defaultNetwork ?? networkOfChain(demoChainId),
      urls: this.#demo.urls,
    };
    this.#networks = new Networks({
      registry: this.#storage.registry,
      prober: this.#prober,
      configuration,
      demo,
    });
    this.#assemble(await readFile(templateFile, "utf8"));
    if (await this.#networks.settle()) return;
    report("none of the nodes says which chain it is on: asking again and again");
    this.view.logger.warn("None of the nodes says which chain it is on; they are asked again and again");
    this.#settleLater();
  }

  /** The order in which things end is the reverse of this. */
  #assemble(template: string): void {
    const { settings, port } = this.configuration;
    this.#deployer = new LocalDeployer(
      {
        agentFile: this.#build.agentFile,
        runDirectory: this.#runDirectory,
        environment: agentEnvironment({
          settings,
          storage: this.#emulators.environment,
          nginx: this.#nginx,
          njsDirectory: this.#build.njsDirectory,
          runDirectory: this.#runDirectory,
          port,
          region: localRegion,
        }),
        guard: this.guard,
        lines: this.view.agentLines,
        onStderr: (line) => this.view.logger.warn({ source: "agent" }, redactText(line)),
        drainMs: settings.drainSeconds * 1000,
      },
      this.view.logger,
    );
    this.cleanup.defer("proxy", () => this.#deployer.stop(), settings.drainSeconds * 1000 + runEndsMs);
    this.#controlPlane = createControlPlane({
      storage: this.#storage,
      networks: this.#networks,
      settings,
      prober: this.#prober,
      deployer: this.#deployer,
      template,
      log: this.view.logger,
    });
    this.cleanup.defer("health check", () => this.#controlPlane.workflow.stop(), runEndsMs);
  }

  #startProxy(): Promise<void> {
    return this.#deployer.start();
  }

  async #startAdmin(): Promise<void> {
    const server = await serveAdmin({
      port: this.configuration.adminPort,
      storage: this.#storage,
      networks: this.#networks,
      settings: this.configuration.settings,
      workflow: this.#controlPlane.workflow,
      deployer: this.#deployer,
      log: this.view.logger,
    });
    this.cleanup.defer("admin API", server.close);
  }

  #watchHealth(): void {
    const { healthCheckIntervalSeconds } = this.configuration.settings;
    const stop = onSchedule(healthCheckIntervalSeconds * 1000, () => {
      void this.#controlPlane.workflow.start("healthCheck");
    });
    this.cleanup.defer("schedule", stop);
  }

  #onReleaseStored(event: unknown): void {
    // A release of the last run may be stored (repaired) before there is anything to tell.
    this.#controlPlane?.onReleaseStored(event).catch((error: unknown) => {
      this.view.logger.error({ reason: redactText(String(error)) }, "Task failed");
    });
  }

  /** All nodes may be down at the start of a machine: the gateway is up before them and waits. */
  #settleLater(): void {
    const { healthCheckIntervalSeconds } = this.configuration.settings;
    const stop = onSchedule(healthCheckIntervalSeconds * 1000, () => {
      this.#networks
        .settle()
        .then(async (settled) => {
          if (!settled) return;
          stop();
          await this.#controlPlane.workflow.start("healthCheck");
        })
        .catch((error: unknown) => {
          this.view.logger.error({ reason: redactText(String(error)) }, "Nodes can't be registered");
        });
    });
    this.cleanup.defer("asking for the network", stop);
  }
}
