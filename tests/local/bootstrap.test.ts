import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { until } from "../support/poll";

const project = path.resolve(__dirname, "../..");

interface LockedPackage {
  version: string;
  optionalDependencies?: Record<string, string>;
}

describe("a fresh clone", () => {
  let clone: string;

  beforeEach(async () => {
    clone = await mkdtemp(path.join(tmpdir(), "clone-"));
    cpSync(path.join(project, "local/bootstrap"), path.join(clone, "local/bootstrap"), { recursive: true });
    copyFileSync(path.join(project, "local/with-tsx.cjs"), path.join(clone, "local/with-tsx.cjs"));
    writeFileSync(
      path.join(clone, "script.ts"),
      `process.stdout.write(["ran", ...process.argv.slice(2)].join(" "));`,
    );
    writeFileSync(
      path.join(clone, "package-lock.json"),
      JSON.stringify({ packages: { "node_modules/tsx": { version: "1.2.3" } } }),
    );
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  /** A program in npm's place, so that no registry is needed. */
  function run(npm: string) {
    const stand = path.join(clone, "npm-cli.js");
    writeFileSync(stand, `const { mkdirSync, symlinkSync, writeFileSync } = require("node:fs");\n${npm}`);
    const child = spawn(process.execPath, ["local/with-tsx.cjs", "script.ts", "one"], {
      cwd: clone,
      env: { ...process.env, npm_execpath: stand, CLONE: clone, TSX: path.join(project, "node_modules/tsx") },
    });
    const result = { output: "", child, ended: once(child, "exit").then(([code]) => code as number | null) };
    child.stdout.on("data", (chunk) => (result.output += chunk));
    child.stderr.on("data", (chunk) => (result.output += chunk));
    return result;
  }

  const install = `
    mkdirSync("node_modules");
    symlinkSync(process.env.TSX, "node_modules/tsx");
    writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages: { "node_modules/tsx": { version: "1.2.3" } } }));
    writeFileSync("arguments", process.argv.slice(2).join(" "));`;

  it("installs the packages of the lock file before it runs anything, and says so", async () => {
    const first = run(install);
    assert.equal(await first.ended, 0, first.output);
    assert.match(first.output, /^Installing npm packages[^\n]*\nInstalled npm packages in \d+ s\.\nran one$/);
    assert.match(readFileSync(path.join(clone, "arguments"), "utf8"), /^ci .*--ignore-scripts/);
  });

  it("installs nothing when all of it is there", async () => {
    await run(install).ended;
    const second = run(`process.exit(9)`);
    assert.equal(await second.ended, 0);
    assert.equal(second.output, "ran one");
  });

  it("installs again when the lock file has changed", async () => {
    await run(install).ended;
    const lock = { packages: { "node_modules/tsx": { version: "1.2.4" } } };
    writeFileSync(path.join(clone, "package-lock.json"), JSON.stringify(lock));
    const second = run(`process.exit(0)`);
    await second.ended;
    assert.match(second.output, /^Installing npm packages/);
  });

  it("tells in one line that npm failed", async () => {
    const failed = run(`process.exit(7)`);
    assert.equal(await failed.ended, 1);
    assert.match(failed.output, /\nnpm ci failed \(exit code 7\)\. Is the npm registry reachable\?\n$/);
  });

  it("gives up the installation at once when it is told to end, and leaves nothing running", async () => {
    const interrupted = run(`writeFileSync("pid", String(process.pid)); setInterval(() => {}, 1000);`);
    const pidFile = path.join(clone, "pid");
    await until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8"), { what: "npm runs" });
    const started = Date.now();
    interrupted.child.kill("SIGTERM");
    assert.equal(await interrupted.ended, 0);
    assert.ok(Date.now() - started < 4000);
    const pid = Number(readFileSync(pidFile, "utf8"));
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  });
});

describe("the lock file", () => {
  it("lists the packages of every platform, as npm ci demands", () => {
    const lock = JSON.parse(readFileSync(path.join(project, "package-lock.json"), "utf8")) as {
      packages: Record<string, LockedPackage>;
    };
    const missing = Object.entries(lock.packages).flatMap(([location, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          !lock.packages[`node_modules/${name}`] && !lock.packages[`${location}/node_modules/${name}`],
      ),
    );
    assert.deepEqual(missing, []);
  });

  it("names no registry", () => {
    assert.doesNotMatch(readFileSync(path.join(project, "package-lock.json"), "utf8"), /"resolved"/);
  });
});
