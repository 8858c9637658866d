import assert from "node:assert/strict";
import type { Hono } from "hono";
import { after, before, beforeEach } from "mocha";
import { createAdminApp } from "../../functions/handlers/admin/app";
import { type AdminDependencies, loopbackHosts } from "../../functions/handlers/admin/dependencies";
import type { Registry } from "../../functions/ports/registry";
import { adminSettings, MemoryDeployer, MemoryLog, TestClock } from "../support/controlPlane";
import { type Emulators, startEmulators } from "../support/emulators";

export const secret = "planted-secret-0123456789";
export const url = `https://a.example/v3/${secret}`;

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers is what is tested.
  json: any;
}

/** The admin API on an empty registry, before each test anew. */
class AdminStage {
  registry!: Registry;
  log!: MemoryLog;
  /** Modes in which the workflow was started. */
  started: string[] = [];
  app!: Hono;
  readonly #clock = new TestClock();
  #regions = 0;

  async prepare(emulators: Emulators): Promise<void> {
    this.registry = emulators.registry(`admin-${this.#regions++}`, this.#clock);
    for (const node of await this.registry.listNodes()) await this.registry.deleteNode(node.id);
    this.log = new MemoryLog();
    this.started = [];
    this.use({});
  }

  /** Makes the application anew, with something else in place of the usual. */
  use(other: Partial<AdminDependencies>): void {
    this.app = createAdminApp({
      registry: this.registry,
      workflow: { start: async (mode) => void this.started.push(mode) },
      deployer: new MemoryDeployer(),
      clock: this.#clock,
      networks: async () => ({
        networks: [
          { name: "mainnet", chainId: 1 },
          { name: "base", chainId: 8453 },
        ],
        defaultNetwork: "mainnet",
      }),
      settings: adminSettings,
      allowedHosts: loopbackHosts,
      log: this.log,
      ...other,
    });
  }

  readonly send = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await this.app.request(`http://localhost:8546${path}`, {
      method,
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      headers: {
        host: "localhost:8546",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  };

  readonly add = async (more: object = {}): Promise<Answer["json"]> => {
    const { status, json } = await this.send("POST", "/backends", { url, ...more });
    assert.equal(status, 201);
    return json;
  };
}

/** For a suite: what it tests with, and the hooks that keep it. */
export function useAdminStage(): AdminStage {
  const stage = new AdminStage();
  let emulators: Emulators;
  before(async () => {
    emulators = await startEmulators();
  });
  after(() => emulators.close());
  beforeEach(() => stage.prepare(emulators));
  return stage;
}
