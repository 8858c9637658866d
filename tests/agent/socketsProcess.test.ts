import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Logger } from "../../proxy-image/agent/logs/logger";
import { SocketsProcess } from "../../proxy-image/agent/socketsProcess";
import { until } from "../support/poll";

/** Listens when the file `go` is there; ends with its standard input, as the gateway does. */
const program = `
const { existsSync } = require("node:fs");
const folder = process.env.RUN_DIRECTORY;
const timer = setInterval(() => {
  if (!existsSync(folder + "/go")) return;
  clearInterval(timer);
  require("node:net").createServer().listen(folder + "/sockets.sock");
}, 5);
process.stdin.resume().on("end", () => process.exit());
`;

describe("the agent's socket gateway", () => {
  let runDirectory: string;
  let sockets: SocketsProcess;
  const nothing = () => {};
  const logger = { info: nothing, warn: nothing, error: nothing } as unknown as Logger;
  const create = (file: string) =>
    new SocketsProcess({ file, runDirectory, drainMs: 0, logger, redact: (text) => text });

  beforeEach(() => {
    runDirectory = mkdtempSync(path.join(tmpdir(), "sockets-"));
    writeFileSync(path.join(runDirectory, "program.js"), program);
    sockets = create(path.join(runDirectory, "program.js"));
  });
  afterEach(async () => {
    await sockets.stop();
    rmSync(runDirectory, { recursive: true, force: true });
  });

  it("is waited for until it listens; what a killed one left behind is not taken for it", async () => {
    writeFileSync(path.join(runDirectory, "sockets.sock"), "");
    assert.equal(sockets.isReady, false);
    sockets.start();
    assert.equal(sockets.isReady, false);
    writeFileSync(path.join(runDirectory, "go"), "");
    await until(async () => sockets.isReady, { what: "it listens" });
    rmSync(path.join(runDirectory, "sockets.sock"));
    assert.equal(sockets.isReady, true, "only its first start is waited for");
  });

  it("holds nothing up where there is none", () => {
    const none = create(path.join(runDirectory, "missing.js"));
    none.start();
    assert.equal(none.isReady, true);
  });
});
