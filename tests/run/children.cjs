"use strict";
const { spawn } = require("node:child_process");
const { constants, setPriority } = require("node:os");

const running = new Set();

/**
 * Runs a command to its end.
 * @param isUrgent others need not go first
 * @returns {Promise<{ code: number, output: string }>} `output` is empty unless `quiet`, which collects it
 */
function run(command, args, { quiet = false, env = process.env, isUrgent = true } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", ...(quiet ? ["pipe", "pipe"] : ["inherit", "inherit"])],
      env,
    });
    running.add(child);
    if (!isUrgent && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (output += data));
    child.once("error", reject);
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** Ends what runs, kindly at first. */
function stopAll() {
  for (const child of running) {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 3000).unref();
  }
}

module.exports = { run, stopAll };
