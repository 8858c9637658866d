"use strict";
const { spawn } = require("node:child_process");
const { readFileSync } = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "..", "..");
/** What npm itself notes down at the end of an installation; an interrupted one leaves none. */
const installedLock = path.join(root, "node_modules", ".package-lock.json");

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds what package-lock.json asks for (packages for other platforms may be missing). */
function dependenciesAreInstalled() {
  const wanted = readPackages(path.join(root, "package-lock.json"));
  const installed = readPackages(installedLock);
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(
    ([location, { version, optional, link }]) =>
      location === "" || link || (installed[location] ? installed[location].version === version : optional),
  );
}

/** The npm that runs us, else the one beside our Node.js, else the one on the path. */
function npmCommand() {
  const script = process.env.npm_execpath;
  return script && /npm-cli\.c?js$/.test(script) ? [process.execPath, script] : ["npm"];
}

/** npm tells its scripts its own settings through these; handed on, they would bend what `npm ci` does. */
function cleanEnvironment() {
  const environment = { ...process.env };
  for (const name of ["npm_config_global", "npm_config_omit", "npm_config_dry_run", "npm_command"]) {
    delete environment[name];
  }
  return environment;
}

/** Names what went wrong in one line; npm's own output has been shown above it. */
class InstallError extends Error {}

/**
 * Installs the packages of the lock file unless they are there.
 * @param {(line: string) => void} report takes lines that tell what happens
 * @param {AbortSignal} [signal] stops the installation; the promise then rejects with an AbortError
 * @returns {Promise<boolean>} whether something had to be installed
 */
async function ensureDependencies(report, signal) {
  if (dependenciesAreInstalled()) return false;
  report("Installing npm packages (once; takes about a minute) …");
  const started = Date.now();
  // Install scripts may be switched off on this machine: nothing here needs one, so none is run anywhere.
  const options = ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const [command, ...before] = npmCommand();
  const child = spawn(command, [...before, ...options], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: cleanEnvironment(),
    shell: process.platform === "win32" && command === "npm",
  });
  const code = await outcome(child, signal);
  if (signal?.aborted) throw signal.reason;
  if (code !== 0) {
    throw new InstallError(`npm ci failed (exit code ${code}). Is the npm registry reachable?`);
  }
  report(`Installed npm packages in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
  return true;
}

function outcome(child, signal) {
  return new Promise((resolve, reject) => {
    let killTimer;
    const stop = () => {
      child.kill("SIGTERM");
      killTimer = setTimeout(() => child.kill("SIGKILL"), 1500);
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    child.once("error", (error) => reject(new InstallError(`npm can't be started: ${error.message}.`)));
    child.once("close", (code) => {
      clearTimeout(killTimer);
      resolve(code);
    });
  });
}

module.exports = { ensureDependencies, InstallError, root };
