import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { after, before, describe, it } from "mocha";
import { type DashboardInput, renderDashboard } from "../../local/terminal/dashboard";
import { EventList } from "../../local/terminal/eventList";
import { plain, styleFor } from "../../local/terminal/style";
import { until } from "../support/poll";
import { newPlace, removePlace } from "./localRun";

const project = path.resolve(__dirname, "../..");

const input: DashboardInput = {
  proxyUrl: "http://127.0.0.1:8545",
  adminUrl: "http://127.0.0.1:8546",
  events: [],
  columns: 140,
  rows: 50,
  style: plain,
  snapshot: {
    release: { version: 7 },
    runs: 6,
    callsPerSecond: 12.4,
    nodes: [
      {
        ...{ id: "n1", network: "mainnet", url: "https://one.example/…", isLeader: true, drained: false },
        ...{
          healthy: true,
          inPool: false,
          reason: "ok",
          height: 19_000_000,
          lag: 0,
          latencyMs: 12.4,
          share: 0,
        },
      },
      {
        ...{ id: "n2", name: "two", network: "mainnet", url: "https://two.example/…", isLeader: false },
        ...{ drained: false, healthy: false, inPool: false, reason: "lagging", lag: 11, height: 18_999_989 },
      },
      {
        ...{ id: "n3", network: "mainnet", url: "https://three.example/…", isLeader: false, drained: false },
        inPool: true,
      },
    ],
  },
};

describe("the live table", () => {
  it("shows each node's height, lag, latency, verdict with reason and share", () => {
    const text = renderDashboard(input);
    assert.match(text, /n1 leader +https:\/\/one\.example\/… +19,000,000 +0 +12 ms +● healthy +0 %/);
    assert.match(text, /two +https:\/\/two\.example\/… +18,999,989 +11 +– +✖ unhealthy lagging +–/);
    assert.match(text, /n3 .*not looked at yet/);
    assert.match(text, /release 7 · proxy runs 6 · 1 of 3 nodes in the pool · 12 calls\/s/);
    assert.match(text, /curl -s http:\/\/127\.0\.0\.1:8545 -d/);
    assert.match(text, /JsonRpcProvider\)\("http:\/\/127\.0\.0\.1:8545"\)/);
  });

  it("leaves columns out where the terminal is narrow", () => {
    assert.match(renderDashboard({ ...input, columns: 60 }), /node +height +lag +verdict +share\n/);
    for (const columns of [50, 60, 80, 100, 120]) {
      const table = renderDashboard({ ...input, columns })
        .split("\n")
        .filter((line) => /n1|n2|node|two/.test(line) && !/curl|JsonRpc|pool/.test(line));
      for (const line of table) assert.ok(line.length <= columns, `${columns}: ${line}`);
    }
  });

  it("drops what matters least where the terminal is low", () => {
    const events = [1, 2, 3].map((n) => ({ time: "12:00:00", text: `event ${n}` }));
    for (const rows of [10, 12, 14, 16, 20]) {
      const text = renderDashboard({ ...input, events, rows });
      assert.ok(text.split("\n").length < rows, `${rows} rows`);
      assert.match(text, /^proxy/);
      assert.match(text, /n3/);
    }
    assert.match(renderDashboard({ ...input, events, rows: 16 }), /event 3/);
  });

  it("shows events on one line, without control characters", () => {
    const events = new EventList();
    events.addLogLine(
      JSON.stringify({ level: "error", msg: "bad \u001b[2J\nthing", reason: "x".repeat(500) }),
    );
    events.addLogLine(JSON.stringify({ level: "info", msg: "quiet" }));
    events.addLogLine("not JSON");
    const text = renderDashboard({ ...input, columns: 60, events: events.newest });
    const line = text.split("\n").find((one) => one.includes("bad"));
    assert.match(line ?? "", /^\d\d:\d\d:\d\d bad {2}\[2J thing: x+$/);
    assert.equal(line?.length, 60);
    assert.doesNotMatch(text, /quiet/);
  });

  it("has colours on a terminal only, and not where NO_COLOR is set", () => {
    assert.match(styleFor({ isTTY: true }, {})("red", "x"), /^\S+x\S+$/);
    assert.notEqual(styleFor({ isTTY: true }, {})("red", "x"), "x");
    assert.equal(styleFor({ isTTY: true }, { NO_COLOR: "1" })("red", "x"), "x");
    assert.equal(styleFor({}, {})("red", "x"), "x");
  });
});

describe("npm start on a terminal", function () {
  this.timeout(60_000);
  let place: Awaited<ReturnType<typeof newPlace>>;
  before(async function () {
    if (spawnSync("script", ["--version"]).status !== 0) this.skip();
    place = await newPlace();
  });
  after(() => (place ? removePlace(place) : undefined));

  it("shows the set-up, then the table, and ends on Ctrl-C", async () => {
    // script(1) gives it a terminal; what is typed there goes through its standard input.
    const child = spawn("script", ["-qec", `exec ${process.execPath} local/start.cjs`, "/dev/null"], {
      cwd: project,
      env: {
        ...process.env,
        TERM: "xterm",
        NO_COLOR: "1",
        PORT: String(place.port),
        ADMIN_PORT: String(place.adminPort),
        DATA_DIR: place.dataDirectory,
        HEALTH_CHECK_INTERVAL_SECONDS: "1",
      },
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    const ended = once(child, "exit");
    try {
      await until(() => /✖ unhealthy lagging/.test(output), {
        what: "the laggard shows",
        deadlineMs: 45_000,
      });
    } finally {
      child.stdin.write("\u0003");
    }
    const [code] = await ended;
    const text = stripVTControlCharacters(output);
    assert.equal(code, 0, text.slice(-2000));
    assert.match(text, /✔ nginx with njs/);
    assert.match(text, new RegExp(`proxy {2}http://127\\.0\\.0\\.1:${place.port}`));
    assert.match(text, /● healthy/);
    assert.match(text, /Stopping …/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    assert.doesNotMatch(output, /\u001b\[3[1-6]m/, "NO_COLOR is set");
    assert.ok(output.lastIndexOf("\u001b[?25h") > output.lastIndexOf("\u001b[?25l"), "the cursor is back");
  });
});
