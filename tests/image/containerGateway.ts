import { systemClock } from "../../functions/adapters/systemClock";
import { createAdminApp } from "../../functions/handlers/admin/app";
import { loopbackHosts } from "../../functions/handlers/admin/dependencies";
import type { Status } from "../../functions/handlers/admin/status";
import { createControlPlane } from "../support/controlPlane";
import type { Emulators } from "../support/emulators";
import type { StagedGateway, StageNodes } from "../support/failoverStage";
import { until } from "../support/poll";
import { freePorts } from "../support/ports";
import { runWorkflow } from "../support/runWorkflow";
import {
  type ContainerOptions,
  environmentOf,
  type RunningContainer,
  region,
  startContainer,
} from "./container";

const networks = { networks: [{ name: "anvil", chainId: 31337 }], defaultNetwork: "anvil" };
const adminUrl = "http://localhost";
/** From the start of one health check to the start of the next: shorter than any setting allows, which leaves the proxy to itself for long enough. */
const intervalMs = 500;

type Started = Omit<ContainerOptions, "environment"> & { emulators: Emulators };

/** The proxy in its container, and here its control plane: handlers and workflow against the same stores. */
export class ContainerGateway implements StagedGateway {
  readonly #failures: string[] = [];
  readonly #runs = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    readonly port: number,
    readonly container: RunningContainer,
    private readonly controlPlane: ReturnType<typeof createControlPlane>,
    private readonly admin: ReturnType<typeof createAdminApp>,
  ) {}

  /** Starts both and waits until the proxy serves. */
  static async start(options: Started, { nodes, leader }: StageNodes): Promise<ContainerGateway> {
    const { emulators } = options;
    const bucket = "failover";
    const registry = emulators.registry(region);
    const releaseStore = await emulators.createBucket(bucket);
    for (const node of [leader, ...nodes]) {
      const rest = { weight: 100, drained: false, source: "operator" } as const;
      await registry.addNode({ network: "anvil", url: node.url, isLeader: node === leader, ...rest });
    }
    const settings = { probeTimeoutSeconds: 0.5, attemptTimeoutSeconds: 1 };
    const controlPlane = createControlPlane({
      registry,
      releaseStore,
      clock: systemClock,
      networks,
      settings,
    });
    const admin = createAdminApp({
      ...controlPlane,
      workflow: { start: async (mode) => gateway.#run(mode) },
      allowedHosts: loopbackHosts,
    });
    const [port = 0] = await freePorts(1);
    const environment = environmentOf(emulators, port, { RELEASE_BUCKET: bucket });
    const container = startContainer({ ...options, environment });
    const gateway = new ContainerGateway(port, container, controlPlane, admin);
    // Not before the last one has ended: on a busy machine they would pile up, and the nodes live in this process too.
    gateway.#timer = setInterval(() => {
      if (gateway.#runs.size === 0) gateway.#run("healthCheck");
    }, intervalMs);
    try {
      await until(async () => (await fetch(`${gateway.url}/ready`)).status === 200, {
        what: "the container serves",
        deadlineMs: 30_000,
        everyMs: 100,
      });
    } catch (error) {
      console.error(gateway.events);
      await gateway.stop();
      throw error;
    }
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get events(): string {
    const lines = this.container
      .output()
      .split("\n")
      .filter((line) => !line.includes('"requestId"'));
    return [...this.#failures, ...lines.slice(-60)].join("\n");
  }

  async status(): Promise<Status> {
    const answer = await this.admin.request(`${adminUrl}/status`);
    if (!answer.ok) throw new Error(`/status answered ${answer.status}`);
    return (await answer.json()) as Status;
  }

  async change(nodeId: string, changes: { weight: number }): Promise<void> {
    const answer = await this.admin.request(`${adminUrl}/backends/${nodeId}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(changes),
    });
    if (!answer.ok) throw new Error(`PATCH answered ${answer.status}: ${await answer.text()}`);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#runs);
    await this.container.terminate();
  }

  /** Starts a run and does not wait for it, as StartExecution does. */
  #run(mode: "healthCheck" | "render"): void {
    const run: Promise<void> = runWorkflow(this.controlPlane.handlers, mode)
      .result.then(
        () => {},
        (error: unknown) => void this.#failures.push(`run failed: ${String(error)}`),
      )
      .finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }
}
