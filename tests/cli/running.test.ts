import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "mocha";
import { AnvilChain } from "../support/anvil";
import { Gateway } from "../support/gateway";
import { until } from "../support/poll";
import { type CliResult, hasTerminal, runCli, runOnTerminal, startCli, startOnTerminal } from "./runCli";

type Place = "piped" | "terminal";

/** A command against the running system, once off a terminal and once on one. */
interface Row {
  args: (place: Place) => string[];
  /** What is shown, in both places. */
  says: RegExp;
  /** What its `--json` has; left out for what can't be done a third time. */
  json?: (answer: never) => void;
  /** What has come of it in the gateway. */
  effect?: (place: Place) => Promise<void>;
  code?: number;
  /** The second one waits for the first: both want the same. */
  inTurn?: boolean;
}

describe("command line, against the running system", function () {
  this.timeout(90_000);
  let chain: AnvilChain;
  let gateway: Gateway;
  before(async () => {
    if (await hasTerminal()) places.push("terminal");
    else process.stdout.write("      NO script(1): COMMANDS ARE NOT TESTED ON A TERMINAL\n");
    chain = await AnvilChain.start({ replicas: 4, chainId: 1, genesisNumber: 100 });
    gateway = await Gateway.start({ RPC_PROVIDERS_HTTP: chain.urls.slice(0, 2).join(",") });
    await until(async () => (await gateway.status()).nodes.every((node) => node.is_healthy), {
      what: "all nodes are healthy",
      deadlineMs: 20_000,
    });
  });
  after(async () => {
    await gateway?.stop();
    await chain?.stop();
  });

  const environment = () => ({ GATEWAY_ADMIN_URL: gateway.adminUrl });
  /** Found out before the tests. */
  const places: Place[] = ["piped"];

  const own = (place: Place) => `${place}-node`;
  const node = async (place: Place) => (await gateway.status()).nodes.find(({ name }) => name === own(place));
  const nodeIs = (state: object) => async (place: Place) => {
    const found = await node(place);
    assert.deepEqual({ ...found, ...state }, found);
  };
  const pinned = async () => (await gateway.status()).pinned_version;

  const rows: Record<string, Row> = {
    status: {
      args: () => ["status"],
      says: /^mainnet \(chain 1\): 2 of 2 nodes healthy, head \d+\n[\s\S]*release \d+ in force[\s\S]*task \S+: release \d+, serving/m,
      json: ({ nodes }: { nodes: unknown[] }) => assert.equal(nodes.length, 2),
    },
    "nodes add": {
      args: (place) => ["nodes", "add", chain.urls[place === "piped" ? 2 : 3]!, "--name", own(place)],
      says: /^n[0-9a-f]{16} http:\/\/127\.0\.0\.1:\d+\/… is added to mainnet\.$/m,
      effect: nodeIs({ network: "mainnet", is_leader: false }),
    },
    "nodes list": {
      args: () => ["nodes", "list"],
      says: /^id +network +name +url +verdict +height +lag +latency\n(n[0-9a-f]{16} +mainnet .*\n){3,4}/m,
      json: (nodes: unknown[]) => assert.ok(nodes.length >= 3),
    },
    "nodes set": {
      args: (place) => ["nodes", "set", own(place), "--max-rps", "25", "--weight", "50"],
      says: /is changed\.$/m,
      effect: nodeIs({ max_rps: 25, weight: 50 }),
    },
    "nodes drain": {
      args: (place) => ["nodes", "drain", own(place)],
      says: /is drained\.$/m,
      effect: nodeIs({ drained: true }),
    },
    "nodes undrain": {
      args: (place) => ["nodes", "undrain", own(place)],
      says: /is back in service\.$/m,
      effect: nodeIs({ drained: false }),
    },
    "nodes set-leader": {
      args: (place) => ["nodes", "set-leader", own(place)],
      says: /leads mainnet\.$/m,
      effect: nodeIs({ is_leader: true }),
      inTurn: true,
    },
    "nodes remove": {
      args: (place) => ["nodes", "remove", own(place)],
      says: /is removed\.$/m,
      effect: async (place) => assert.equal(await node(place), undefined),
    },
    "keys create": {
      args: (place) => ["keys", "create", `${place} key`, "--network", "mainnet"],
      says: /^\S{20,}\nThat is key \S+ of (piped|terminal) key; it can't be shown again\./m,
    },
    "keys list": {
      args: () => ["keys", "list"],
      says: /^\S+ +(piped|terminal) key .*mainnet/m,
      json: (keys: unknown[]) => assert.equal(keys.length, places.length),
    },
    "keys revoke": {
      args: (place) => ["keys", "revoke", `${place} key`],
      says: /(piped|terminal) key is revoked\.$/m,
    },
    "releases list": {
      args: () => ["releases", "list"],
      says: /^version +published +status +content +note\n\d+ .*in force/m,
      json: ({ releases }: { releases: unknown[] }) => assert.ok(releases.length > 1),
    },
    "releases show": {
      args: () => ["releases", "show", "1"],
      says: /^version: 1\nsha256: [0-9a-f]{64}\n/m,
      json: ({ version }: { version: number }) => assert.equal(version, 1),
    },
    "releases rollback": {
      args: () => ["releases", "rollback", "1"],
      says: /^The content of release 1 is published again and stays/m,
      effect: async () => assert.notEqual(await pinned(), null),
      inTurn: true,
    },
    "releases unpin": {
      args: () => ["releases", "unpin"],
      says: /^New releases are published again\.$/m,
      effect: async () => assert.equal(await pinned(), null),
      inTurn: true,
    },
    check: {
      args: () => ["check", chain.urls[0]!],
      says: /would be healthy\.\n +chain +1 \(mainnet\)\n +height +\d+\n/m,
      json: ({ healthy }: { healthy: boolean }) => assert.equal(healthy, true),
    },
    "check, of nobody": {
      args: () => ["check", "http://127.0.0.1:9/v3/planted-key-0123456789"],
      says: /^http:\/\/127\.0\.0\.1:9\/… would be unhealthy: it can't be reached\.$/m,
      code: 3,
    },
  };

  const run: Record<Place, (args: string[]) => Promise<CliResult>> = {
    piped: (args) => runCli(args, { environment: environment() }),
    terminal: (args) => runOnTerminal(args, { environment: environment() }),
  };

  for (const [name, { args, says, json, effect, code = 0, inTurn }] of Object.entries(rows)) {
    it(`${name} does it and says so, on a terminal and piped`, async () => {
      const once = async (place: Place) => {
        const result = await run[place](args(place));
        assert.equal(result.code, code, `${place}: ${result.stdout}${result.stderr}`);
        assert.match(result.stdout, says, place);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing that steers a terminal, also not on one
        assert.doesNotMatch(result.stdout, /[\u0000-\u0009\u000b-\u001f]|planted/, place);
        assert.equal(result.stderr, "", place);
        await effect?.(place);
      };
      if (inTurn) for (const place of places) await once(place);
      else await Promise.all(places.map(once));
      if (json) json(JSON.parse((await run.piped([...args("piped"), "--json"])).stdout) as never);
    });
  }

  it("dashboard serves the page until Ctrl-C, on a terminal and piped", async () => {
    const options = ["dashboard", "--port", "0"];
    const serve = async (place: Place) => {
      const start = place === "piped" ? startCli : startOnTerminal;
      const child = start(options, environment());
      let shown = "";
      child.stdout?.on("data", (chunk: Buffer) => {
        shown += chunk;
      });
      const ended = once(child, "exit");
      try {
        const url = await until(() => /is at (http:\S+) \(Ctrl-C ends it\)/.exec(shown)?.[1], {
          what: "the page's address",
          deadlineMs: 20_000,
        });
        assert.match(await (await fetch(url)).text(), /<!doctype html>/i);
      } finally {
        if (place === "piped") child.kill("SIGINT");
        else child.stdin?.write("\u0003");
      }
      const [code] = (await ended) as [number];
      assert.equal(code, 0, place);
    };
    await Promise.all(places.map(serve));
  });
});
