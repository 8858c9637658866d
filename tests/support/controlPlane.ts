import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createEthersNodeProber } from "../../functions/adapters/ethersNodeProber";
import type { NetworkTable } from "../../functions/domain/networkTable";
import { defaultSettings, type Settings } from "../../functions/domain/settings";
import { evaluate } from "../../functions/handlers/evaluate";
import { listNodes } from "../../functions/handlers/listNodes";
import { probe } from "../../functions/handlers/probe";
import { redeploy } from "../../functions/handlers/redeploy";
import { render } from "../../functions/handlers/render";
import type { Clock } from "../../functions/ports/clock";
import type { Log, LogFields } from "../../functions/ports/log";
import type { Registry } from "../../functions/ports/registry";
import type { ReleaseStore } from "../../functions/ports/releaseStore";
import type { ServiceDeployer } from "../../functions/ports/serviceDeployer";
import type { TaskHandlers } from "./runWorkflow";

/** A log that remembers. */
export class MemoryLog implements Log {
  readonly lines: { level: "info" | "warn" | "error"; fields: LogFields; message: string }[] = [];
  info = (fields: LogFields, message: string) => void this.lines.push({ level: "info", fields, message });
  warn = (fields: LogFields, message: string) => void this.lines.push({ level: "warn", fields, message });
  error = (fields: LogFields, message: string) => void this.lines.push({ level: "error", fields, message });
  get messages(): string[] {
    return this.lines.map((line) => line.message);
  }
}

/** What the admin API reads of the settings, as they are by default. */
export const adminSettings = {
  allowPrivateNodes: false,
  requireKeys: false,
  keyRatePerSecond: 0,
  keyBurst: 100,
};

/** A service that only counts. */
export class MemoryDeployer implements ServiceDeployer {
  readonly reasons: string[] = [];
  standing = { desiredTasks: 1, runningTasks: 1, deploymentInProgress: false };
  async forceNewDeployment(reason: string): Promise<void> {
    if (!this.standing.deploymentInProgress) this.reasons.push(reason);
  }
  async describe() {
    return this.standing;
  }
}

export class TestClock implements Clock {
  constructor(private ms = Date.parse("2026-01-01T00:00:00.000Z")) {}
  now(): Date {
    return new Date(this.ms);
  }
  advance(seconds: number): void {
    this.ms += seconds * 1000;
  }
}

const template = readFileSync(join(__dirname, "../../proxy-image/nginx.conf.ejs"), "utf8");

export interface ControlPlaneOptions {
  registry: Registry;
  releaseStore: ReleaseStore;
  clock: Clock;
  networks?: NetworkTable;
  settings?: Partial<Settings>;
}

/** The handlers as they are wired in the real paths, with a deployer that only counts. */
export function createControlPlane(options: ControlPlaneOptions) {
  const { registry, releaseStore, clock } = options;
  const settings: Settings = { ...defaultSettings("local"), ...options.settings };
  const log = new MemoryLog();
  const deployer = new MemoryDeployer();
  const table = options.networks ?? {
    networks: [{ name: "mainnet", chainId: 1 }],
    defaultNetwork: "mainnet",
  };
  const networks = async () => table;
  const prober = createEthersNodeProber({ allowPrivate: settings.allowPrivateNodes });
  const dependencies = { registry, releaseStore, clock, settings, networks, template, log, region: "here" };
  const handlers = {
    ListNodes: listNodes(dependencies),
    ProbeBatch: probe({ registry, prober, settings }),
    Evaluate: evaluate(dependencies),
    Render: render(dependencies),
    CheckRollout: redeploy({ ...dependencies, deployer }),
  };
  return { ...dependencies, deployer, prober, handlers: handlers satisfies TaskHandlers };
}
