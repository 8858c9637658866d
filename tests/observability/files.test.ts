import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { z } from "zod";
import { lastLine, run } from "../../local/debian/run";
import { ensurePromtool } from "../support/promtool";

const root = path.resolve(__dirname, "../..");
const folder = path.join(root, "observability/prometheus");

describe("Prometheus's files", function () {
  this.timeout(300_000);
  let promtool: string;
  let work: string;
  before(async function () {
    try {
      promtool = await ensurePromtool((line) => process.stdout.write(`      ${line}\n`));
    } catch (error) {
      process.stdout.write(`      NO PROMTOOL, RULES ARE NOT TESTED: ${(error as Error).message}\n`);
      this.skip();
    }
    work = mkdtempSync(path.join(tmpdir(), "promtool-"));
  });
  after(() => {
    if (work) rmSync(work, { recursive: true, force: true });
  });

  const succeeds = async (args: string[]) => {
    const { code, stdout, stderr } = await run([promtool, ...args], { timeoutMs: 60_000 });
    assert.equal(code, 0, stdout + stderr);
    return stdout + stderr;
  };

  it("are right for promtool: configuration and rules", async () => {
    const configuration = path.join(work, "prometheus.yml");
    const text = readFileSync(path.join(folder, "prometheus.yml"), "utf8");
    assert.match(text, /\/etc\/prometheus\/rules\.yml/);
    writeFileSync(
      configuration,
      text.replace("/etc/prometheus/rules.yml", JSON.stringify(path.join(folder, "rules.yml"))),
    );
    assert.match(await succeeds(["check", "config", configuration]), /7 rules found/);
  });

  it("raise each alarm when they should, and not before", async () => {
    const file = path.join(work, "rules.test.yml");
    const tests = readFileSync(path.join(__dirname, "rules.test.yml"), "utf8");
    const rules = readFileSync(path.join(folder, "rules.yml"), "utf8");
    for (const [, alert] of rules.matchAll(/- alert: (\S+)/g)) {
      assert.match(tests, new RegExp(`alertname: ${alert}\n`), `${alert} has a test`);
    }
    writeFileSync(file, tests.replaceAll("{{rules}}", path.join(folder, "rules.yml")));
    await succeeds(["test", "rules", file]);
  });
});

/** As much of Compose's schema as our file uses; whatever else is in it is an error. */
const text = z.string().min(1);
const service = z.strictObject({
  image: z.string().regex(/^[a-z0-9/-]+:[a-z0-9.-]+$/),
  working_dir: text.optional(),
  command: z.array(text).optional(),
  init: z.boolean().optional(),
  environment: z.record(z.string().regex(/^[A-Z_]+$/), z.string()).optional(),
  volumes: z.array(z.string().regex(/^[\w./-]+:[\w./-]+(:ro)?$/)).optional(),
  ports: z.array(z.string().regex(/^(127\.0\.0\.1:)?\d+:\d+$/)).optional(),
  network_mode: text.optional(),
  healthcheck: z
    .strictObject({ test: z.array(text), interval: text, start_period: text })
    .partial()
    .optional(),
});
const compose = z.strictObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

describe("docker-compose.yml", () => {
  const file = path.join(root, "docker-compose.yml");
  const read = () => compose.parse(parse(readFileSync(file, "utf8")));

  it("mounts files that are there and volumes that it declares, and shares networks of its own services", () => {
    const { services, volumes } = read();
    for (const { volumes: mounts = [], network_mode: mode } of Object.values(services)) {
      for (const mount of mounts) {
        const [source = ""] = mount.split(":");
        if (source.startsWith(".")) assert.ok(existsSync(path.join(root, source)), source);
        else assert.ok(source in volumes || source === "/var/run/docker.sock", source);
      }
      if (mode) assert.ok((mode.match(/^service:(\w+)$/)?.[1] ?? "") in services, mode);
    }
  });

  it("is right for Docker Compose", async function () {
    this.timeout(30_000);
    const client = await run(["docker", "compose", "version"], { timeoutMs: 10_000 });
    if (client.code !== 0) {
      process.stdout.write(
        `      NO DOCKER COMPOSE: ${lastLine(client.stderr)}; checked by our own schema only\n`,
      );
      return this.skip();
    }
    const { code, stderr } = await run(["docker", "compose", "-f", file, "config", "--quiet"], {
      timeoutMs: 20_000,
    });
    assert.equal(code, 0, stderr);
  });
});
