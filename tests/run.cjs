"use strict";
// `npm test`: static checks, then every test; the last line sums up. See `npm test -- --help`.
require("../local/bootstrap/checkNode.cjs")();
const { mkdtempSync, readdirSync, readFileSync, rmSync } = require("node:fs");
const { cpus, tmpdir } = require("node:os");
const path = require("node:path");
const { run, stopAll } = require("./run/children.cjs");
const { root } = require("../local/bootstrap/dependencies.cjs");

const help = `Usage: npm test [-- options] [-- <test files and mocha options>]

  --no-check   leave out the static checks (types, lint, unused code)
  --soak       the long forms of the end-to-end tests (SOAK=1; also: npm run soak)
  --chaos      only the chaos test, five minutes of it (CHAOS=full; also: npm run chaos)
  --help       this text

Everything else goes to mocha: npm test -- tests/functions/domain/*.test.ts --grep lag`;

/** Tests that measure time or load the machine: one after the other, with nothing beside them. */
const alone = [
  /^tests\/e2e\//,
  /^tests\/local\//,
  /^tests\/image\//,
  /^tests\/page\//,
  /^tests\/\w+\/alone\//,
];

/** Of the others, those that take longest begin: none of them is to go on by itself at the end. */
const longest = [
  "infra/program",
  "cli/cli",
  "infra/workflow",
  "cli/running",
  "agent/serving",
  "proxy/failover",
];

/** The parts of `npm run check`, two at a time; what fails is shown whole. */
async function staticChecks() {
  const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const parts = scripts.check.split("&&").map((part) => part.trim());
  const failed = [];
  const worker = async () => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      const [command, ...args] = part.split(/\s+/);
      const started = Date.now();
      const { code, output } = await run(path.join("node_modules", ".bin", command), args, {
        quiet: true,
      });
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      process.stdout.write(`${code === 0 ? "✔" : "✖"} ${part} (${seconds} s)\n`);
      if (code !== 0) {
        failed.push(part);
        process.stdout.write(`${output}\n`);
      }
    }
  };
  await Promise.all([worker(), worker()]);
  return failed;
}

async function ensureNginx() {
  const { ensureNginx: ensure } = require("../local/nginx/ensureNginx.ts");
  const { version, njsVersion, source } = await ensure((line) => process.stdout.write(`  ${line}\n`));
  process.stdout.write(`✔ nginx ${version}, njs ${njsVersion} (${source})\n`);
}

/** Fetches Chromium where none is installed, beside the first tests. Where none can be had, tests of the page are left out. */
async function fetchChromium() {
  const { ensureChromium } = require("./support/chromium.ts");
  try {
    const { version } = await ensureChromium((line) => process.stdout.write(`  ${line}\n`));
    process.stdout.write(`✔ Chromium (${version})\n`);
  } catch (error) {
    process.env.CHROMIUM_UNAVAILABLE = error.message;
    process.stdout.write(`✖ no Chromium: ${error.message}\n`);
  }
}

/** Makes what the proxy's image is built on, beside the first tests. Where that fails, tests of the image try again and say why. */
async function makeBaseImage() {
  const { imageTools } = require("./image/tools.ts");
  const { ensureBase } = require("./image/base.ts");
  try {
    await ensureBase(await imageTools(), (line) => process.stdout.write(`  ${line}\n`));
  } catch {}
}

/** One run of mocha. A run that ends without counts (it crashed) counts as one failure. */
async function mocha(args) {
  const folder = mkdtempSync(path.join(tmpdir(), "tests-"));
  const countsFile = path.join(folder, "counts.json");
  const { code } = await run(
    process.execPath,
    ["node_modules/mocha/bin/mocha.js", "--reporter", "tests/run/reporter.cjs", ...args],
    { env: { ...process.env, TEST_COUNTS_FILE: countsFile } },
  );
  try {
    const counts = JSON.parse(readFileSync(countsFile, "utf8"));
    return { ...counts, failed: counts.failed || (code === 0 ? 0 : 1) };
  } catch {
    process.stdout.write(`mocha ended with exit code ${code} and without a result\n`);
    return {
      passed: 0,
      failed: 1,
      failures: [{ title: args.join(" "), error: `exit code ${code}` }],
      skipped: [],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Tests that fail beside others are run again with nothing beside them: only what fails then too is wrong. What does not is told at the
 * end, for it ought to wait for a condition instead.
 */
async function believed(counts, extra) {
  const files = [...new Set(counts.failures.map(({ file }) => file))];
  if (files.length === 0 || files.includes(undefined) || process.exitCode) return counts;
  process.stdout.write(`${counts.failed} failed: again, alone\n`);
  const { failed, failures } = await mocha([...files, ...extra]);
  const titles = new Set(failures.map(({ title }) => title));
  const unsteady = counts.failures.filter(({ title }) => !titles.has(title));
  return { ...counts, passed: counts.passed + unsteady.length, failed, failures, unsteady };
}

function phases(extra) {
  const files = extra.some((argument) => /\.ts$|^tests\//.test(argument));
  if (files) return [extra];
  // Most of the time tests wait: for nodes that hang, for a health check.
  const jobs = String(Math.max(2, Math.min(4, cpus().length + 1)));
  const all = readdirSync("tests", { recursive: true })
    .map((file) => path.posix.join("tests", ...String(file).split(path.sep)))
    .filter((file) => file.endsWith(".test.ts"))
    .sort();
  const beginning = longest.map((file) => `tests/${file}.test.ts`).filter((file) => all.includes(file));
  const others = all.filter((file) => !alone.some((part) => part.test(file)) && !beginning.includes(file));
  return [
    ["--parallel", "--jobs", jobs, ...beginning, ...others, ...extra],
    ...alone.map((part) => [...all.filter((file) => part.test(file)), ...extra]),
  ];
}

async function main(args) {
  if (args.includes("--help")) {
    process.stdout.write(`${help}\n`);
    return 0;
  }
  const own = ["--no-check", "--soak", "--chaos"];
  const extra = args.filter((argument) => !own.includes(argument) && argument !== "--");
  if (args.includes("--soak")) process.env.SOAK = "1";
  if (args.includes("--chaos")) {
    process.env.CHAOS = "full";
    extra.push("tests/e2e/chaos.test.ts");
  }
  await require("../local/bootstrap/prepare.cjs")(() => {});
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      stopAll();
      // What fetches programs would go on by itself.
      require("../local/debian/run.ts").stopCommands();
      process.exitCode = 130;
    });
  }
  const needs = (folder) => phases(extra).some((phase) => phase.some((file) => file.includes(folder)));
  const failedChecks = args.includes("--no-check") ? [] : await staticChecks();
  await ensureNginx();
  const beside = [needs("tests/page") && fetchChromium(), needs("tests/image") && makeBaseImage()];
  const total = { passed: 0, failed: 0, failures: [], skipped: [], unsteady: [] };
  for (const phase of phases(extra)) {
    if (process.exitCode) break;
    // What is under way beside them would disturb tests that measure time.
    if (!phase.includes("--parallel")) await Promise.all(beside);
    const counts = phase.includes("--parallel")
      ? await believed(await mocha(phase), extra)
      : await mocha(phase);
    total.unsteady.push(...(counts.unsteady ?? []));
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.failures.push(...counts.failures);
    total.skipped.push(...counts.skipped);
  }
  for (const title of total.skipped) process.stdout.write(`SKIPPED: ${title}\n`);
  for (const { title, error } of total.unsteady)
    process.stdout.write(`UNSTEADY, failed beside others and passed alone: ${title}\n${error}\n`);
  for (const { title, error } of total.failures) process.stdout.write(`FAILED: ${title}\n${error}\n`);
  for (const part of failedChecks) process.stdout.write(`CHECK FAILED: ${part}\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped\n`);
  return process.exitCode || (total.failed === 0 && failedChecks.length === 0 && total.passed > 0 ? 0 : 1);
}

process.chdir(root);
main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    process.stdout.write(`${error?.stack ?? error}\n0 passed, 1 failed, 0 skipped\n`);
    process.exit(1);
  },
);
