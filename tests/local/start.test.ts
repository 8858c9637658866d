import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { until } from "../support/poll";
import { LocalRun, newPlace, type RunOptions, removePlace } from "./localRun";

type Place = Pick<RunOptions, "dataDirectory" | "port" | "adminPort">;

/** An idle run ends within this time. */
const stopLimitMs = 4000;

describe("npm start", function () {
  this.timeout(90_000);
  let place: Place;
  const started: LocalRun[] = [];
  const start = (options: Partial<RunOptions> = {}) => {
    const run = new LocalRun({ ...place, ...options });
    started.push(run);
    return run;
  };

  before(async () => {
    place = await newPlace();
  });
  afterEach(async () => {
    for (const run of started.splice(0)) {
      if (run.isRunning) await run.stop("SIGTERM");
    }
  });
  after(() => removePlace(place));

  describe("without nodes", () => {
    it("serves demo nodes that agree on every block, and leaves the laggard out", async () => {
      const run = await start().serving();
      assert.match(await run.rpc<string>("eth_blockNumber"), /^0x[1-9a-f]/);
      assert.equal(await run.rpc("eth_chainId"), "0x7a69");
      const ports = JSON.parse(
        readFileSync(path.join(place.dataDirectory, "demo-ports.json"), "utf8"),
      ) as number[];
      assert.equal(ports.length, 4);
      const height = Number(await rpcOf(ports[3]!, "eth_blockNumber"));
      const hashes = await Promise.all(
        ports.map(async (port) => {
          const block = await rpcOf(port, "eth_getBlockByNumber", [`0x${height.toString(16)}`, false]);
          return (block as { hash: string }).hash;
        }),
      );
      assert.equal(new Set(hashes).size, 1, hashes.join());
      const laggard = await until(
        async () => (await run.backends()).find((node) => node.url.includes(`:${ports[3]}/`) && node.reason),
        { what: "the laggard has been looked at" },
      );
      assert.equal(laggard.reason, "lagging");
      assert.equal(laggard.in_pool, false);
      assert.ok(laggard.lag !== null && laggard.lag > 10);
      assert.equal((await run.backends()).filter((node) => node.in_pool).length, 3);
    });

    it("keeps nodes and release over a restart", async () => {
      const first = await start().serving();
      const added = await fetch(`${first.adminUrl}/backends`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ url: "http://127.0.0.1:1/secret" }),
      });
      assert.equal(added.status, 201);
      await until(async () => (await first.backends()).find((node) => node.reason === "unreachable"), {
        what: "the added node has been looked at",
      });
      const before = { nodes: await first.backends(), release: (await first.status()).release };
      assert.deepEqual((await first.stop()).code, 0);

      const second = await start().serving();
      const nodes = await second.backends();
      assert.deepEqual(nodes.map(({ id }) => id).sort(), before.nodes.map(({ id }) => id).sort());
      assert.equal((await second.status()).release?.version, before.release?.version);
      assert.match(await second.rpc<string>("eth_blockNumber"), /^0x/);
    });
  });

  for (const [signal, to] of [
    ["SIGINT", "group"],
    ["SIGINT", "both"],
    ["SIGTERM", "first"],
    ["SIGTERM", "both"],
  ] as const) {
    const receiver = { group: "the terminal's group", first: "npm alone", both: "both" }[to];
    it(`ends with exit code 0 and leaves nothing when ${signal} goes to ${receiver}`, async () => {
      const run = await start({ by: "npm" }).serving();
      const { code, ms } = await run.stop(signal, to);
      assert.equal(code, 0, run.stderr);
      assert.ok(ms < stopLimitMs, `took ${ms} ms`);
      assert.deepEqual(run.leftovers(), []);
    });
  }

  for (const afterMs of [600, 1000, 1400, 1800, 2200, 2600]) {
    it(`ends at once when it is told to ${afterMs} ms after its start`, async () => {
      const run = start();
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      const { code, ms } = await run.stop("SIGINT", "group");
      assert.equal(code, 0, run.stderr);
      assert.ok(ms < stopLimitMs, `took ${ms} ms`);
      await until(() => run.leftovers().length === 0, { what: `nothing is left: ${run.leftovers()}` });
    });
  }

  it("says which port is in use, and by which variable to change it", async () => {
    const server = net.createServer().listen(place.port, "127.0.0.1");
    try {
      const run = start();
      assert.equal(await run.ended, 1);
      assert.match(run.stderr, new RegExp(`^PORT: port ${place.port} is in use[^\\n]*\\n$`));
      assert.deepEqual(run.leftovers(), []);
    } finally {
      server.close();
    }
  });

  it("does not touch a data directory that another run uses", async () => {
    const other = await newPlace();
    const first = await start().serving();
    const second = start({ port: other.port, adminPort: other.adminPort });
    assert.equal(await second.ended, 1);
    assert.match(second.stderr, new RegExp(`^Another gateway \\(process ${first.pid}\\) uses [^\\n]*\\n$`));
    assert.match(await first.rpc<string>("eth_blockNumber"), /^0x/);
    await removePlace(other);
  });

  it("starts again after it was killed, and leaves nothing of the killed run", async () => {
    const killed = await start().serving();
    killed.signal("SIGKILL");
    await killed.ended;
    const next = await start().serving();
    assert.match(await next.rpc<string>("eth_blockNumber"), /^0x/);
    assert.equal((await next.stop()).code, 0);
    await until(() => next.leftovers().length === 0, { what: "nothing is left of either run" });
  });

  it("refuses a bad value with one line and exit code 1", async () => {
    const run = start({ environment: { RPC_PROVIDERS_HTTP: "https://one.example/topsecret,nonsense" } });
    assert.equal(await run.ended, 1);
    assert.match(run.stderr, /^RPC_PROVIDERS_HTTP: "…" is not allowed: give [^\n]+\n$/);
    assert.equal(run.stdout, "");
  });

  it("answers --help, and refuses other arguments", async () => {
    const help = start({ arguments: ["--help"] });
    assert.equal(await help.ended, 0);
    assert.match(help.stdout, /RPC_PROVIDERS_HTTP/);
    const wrong = start({ arguments: ["--port=1"] });
    assert.equal(await wrong.ended, 1);
    assert.match(wrong.stderr, /--port=1 is not known/);
  });
});

async function rpcOf(port: number, method: string, params: unknown[] = []): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return ((await response.json()) as { result: unknown }).result;
}
