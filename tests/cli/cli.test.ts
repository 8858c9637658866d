import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { Registry } from "../../functions/ports/registry";
import { serveAdminApp } from "../page/fakeGateway";
import { AnvilChain } from "../support/anvil";
import { type Emulators, startEmulators } from "../support/emulators";
import { freePorts } from "../support/ports";
import { runCli } from "./runCli";

const secret = "planted-secret-0123456789";

describe("command line", function () {
  this.timeout(60_000);
  let emulators: Emulators;
  let registry: Registry;
  let server: Awaited<ReturnType<typeof serveAdminApp>>;
  before(async () => {
    emulators = await startEmulators();
    registry = emulators.registry("cli");
    server = await serveAdminApp(registry);
  });
  after(async () => {
    await server?.close();
    await emulators?.close();
  });

  const cli = async (args: string[], stdin?: string) => {
    const result = await runCli(args, { stdin, environment: { GATEWAY_ADMIN_URL: server.url } });
    assert.ok(!(result.stdout + result.stderr).includes(secret), "shows a secret");
    return result;
  };
  const json = async (args: string[]) => JSON.parse((await cli([...args, "--json"])).stdout);

  it("tells how it is used, for every command", async () => {
    const commands = [
      [],
      ["status"],
      ["nodes"],
      ...["list", "add", "set", "remove", "drain", "undrain", "set-leader"].map((name) => ["nodes", name]),
      ...["list", "show", "rollback", "unpin"].map((name) => ["releases", name]),
      ["keys"],
      ...["create", "list", "revoke"].map((name) => ["keys", name]),
      ["check"],
      ["dashboard"],
    ];
    const results = await Promise.all(commands.map((command) => cli([...command, "--help"])));
    for (const [index, { code, stdout }] of results.entries()) {
      assert.equal(code, 0, commands[index]?.join(" "));
      assert.match(stdout, /^Usage: jsonrpc-gateway/, commands[index]?.join(" "));
    }
  });

  it("ends with 2 when it is misspelt, with 1 when nobody answers", async () => {
    assert.equal((await cli(["nodez"])).code, 2);
    assert.equal((await cli(["nodes", "add"])).code, 2);
    assert.equal((await cli(["nodes", "add", "https://a.example", "--weight", "many"])).code, 2);
    assert.equal((await cli(["nodes", "set", "Alpha", "--max-rps", "many"])).code, 2);
    assert.equal((await cli(["releases", "rollback", "newest"])).code, 2);
    const [port] = await freePorts(1);
    const { code, stderr } = await cli(["status", "--url", `http://127.0.0.1:${port}`]);
    assert.deepEqual([code, stderr.split("\n").length], [1, 2]);
    assert.match(stderr, /does not answer \(ECONNREFUSED\)/);
  });

  it("adds, lists, drains, promotes and removes nodes", async () => {
    const added = await cli(["nodes", "add", "-", "--name", "Alpha"], `https://a.example/v3/${secret}\n`);
    assert.match(added.stdout, /^n[0-9a-f]{16} https:\/\/a\.example\/… is added to mainnet\.$/m);
    const beta = await json(["nodes", "add", `https://b.example/${secret}`, "--leader", "--weight", "50"]);
    assert.deepEqual([beta.weight, beta.is_leader], [50, true]);
    const again = await cli(["nodes", "add", `https://b.example/${secret}`]);
    assert.deepEqual([again.code, again.stdout], [1, ""]);
    assert.match(again.stderr, /registered in this network already/);
    assert.equal((await json(["nodes", "list"])).length, 2);
    const list = await cli(["nodes", "list"]);
    assert.match(list.stdout, /Alpha +https:\/\/a\.example\/… +not looked at yet/);
    await cli(["nodes", "drain", "Alpha"]);
    const alpha = async () => (await registry.listNodes()).find((node) => node.name === "Alpha");
    assert.equal((await alpha())?.drained, true);
    await cli(["nodes", "undrain", "Alpha"]);
    assert.equal((await alpha())?.drained, false);
    assert.equal((await cli(["nodes", "set-leader", "Alpha"])).code, 0);
    assert.deepEqual(
      (await registry.listNodes()).filter((node) => node.isLeader).map((node) => node.name),
      ["Alpha"],
    );
    assert.equal((await cli(["nodes", "remove", beta.id])).code, 0);
    assert.equal((await cli(["nodes", "remove", beta.id])).code, 1);
    assert.equal((await registry.listNodes()).length, 1);
  });

  it("gives a node headers and the limits of its plan, changes them and takes them away", async () => {
    const header = `X-Api-Key: ${secret}`;
    const limits = ["--max-rps", "2.5", "--max-concurrency", "7", "--monthly-credits", "1000000"];
    const made = await json(["nodes", "add", "https://c.example", "--header", header, ...limits]);
    assert.deepEqual(
      [made.header_names, made.max_rps, made.max_concurrency, made.monthly_credits],
      [["X-Api-Key"], 2.5, 7, 1_000_000],
    );
    assert.match((await cli(["nodes", "list"])).stdout, / 0 of 1,000,000 credits/);
    const set = await json([
      "nodes",
      "set",
      made.id,
      "--name",
      "Gamma",
      "--max-rps",
      "none",
      "--weight",
      "50",
    ]);
    assert.deepEqual([set.name, set.max_rps, set.max_concurrency, set.weight], ["Gamma", null, 7, 50]);
    const nothing = await cli(["nodes", "set", "Gamma"]);
    assert.deepEqual([nothing.code, nothing.stdout], [1, ""]);
    assert.match(nothing.stderr, /^Say what to change/);
    const bad = await cli(["nodes", "add", "https://d.example", "--header", secret]);
    assert.deepEqual([bad.code, bad.stderr], [1, 'Give headers as "name: value".\n']);
    assert.equal((await cli(["nodes", "remove", "Gamma"])).code, 0);
  });

  it("creates a key that is shown once, lists keys without them, and revokes them", async () => {
    assert.match((await cli(["keys", "list"])).stdout, /^no keys/);
    const made = await cli([
      "keys",
      "create",
      "shop",
      "--network",
      "mainnet",
      "--rate",
      "5",
      "--expires",
      "30d",
    ]);
    const [key = ""] = made.stdout.split("\n");
    assert.match(key, /^gw_[\w-]{43}$/);
    const options = ["--burst", "9", "--origin", "https://app.example.org", "--method", "eth_*"];
    const other = await json(["keys", "create", "other", ...options]);
    assert.match(other.key, /^gw_/);
    assert.deepEqual(
      [other.burst, other.origins, other.methods],
      [9, ["https://app.example.org"], ["eth_*"]],
    );
    const { stdout } = await cli(["keys", "list"]);
    assert.match(stdout, /^k[0-9a-f]{16} +shop +mainnet +5\/s/m);
    const listed = await json(["keys", "list"]);
    assert.equal(listed.length, 2);
    for (const text of [stdout, JSON.stringify(listed)]) assert.ok(!/gw_|hash/.test(text), text);
    const [refused, misspelt, revoked] = await Promise.all([
      cli(["keys", "create", "x", "--network", "nowhere"]),
      cli(["keys", "create", "x", "--expires", "soon"]),
      cli(["keys", "revoke", "shop"]),
    ]);
    assert.deepEqual([refused.code, misspelt.code, revoked.code], [1, 2, 0]);
    assert.match(refused.stderr, /networks\.0 must be some of/);
    const [again, last] = await Promise.all([
      cli(["keys", "revoke", "shop"]),
      json(["keys", "revoke", other.id]),
    ]);
    assert.equal(again.code, 1);
    assert.deepEqual(last, { id: other.id, revoked: true });
  });

  it("shows the status, and says by its exit code that nobody is healthy", async () => {
    const { code, stdout } = await cli(["status"]);
    assert.equal(code, 3);
    assert.match(stdout, /mainnet \(chain 1\): 0 of 1 nodes healthy/);
    assert.equal((await json(["status"])).nodes.length, 1);
  });

  it("lists and shows releases, goes back to one and forward again", async () => {
    const record = (version: number) => ({
      ...{ version, sha256: String(version).repeat(64), publishedAt: new Date().toISOString() },
      status: "good" as const,
    });
    await registry.publishRelease(record(1), undefined);
    await registry.publishRelease(record(2), 1);
    assert.equal((await cli(["releases", "rollback", "1"])).code, 0);
    assert.equal((await registry.pinnedRelease())?.version, 1);
    const { stdout } = await cli(["releases", "list"]);
    assert.match(stdout, /^2 .*in force/m);
    assert.match(stdout, /^1 .*pinned/m);
    assert.equal((await json(["releases", "show", "2"])).version, 2);
    assert.equal((await cli(["releases", "rollback", "9"])).code, 1);
    assert.equal((await cli(["releases", "unpin"])).code, 0);
    assert.equal(await registry.pinnedRelease(), undefined);
  });

  describe("check", () => {
    let chain: AnvilChain;
    before(async () => {
      chain = await AnvilChain.start({ replicas: 1, chainId: 1, genesisNumber: 100 });
    });
    after(() => chain?.stop());

    it("says that a good node would be healthy, and what it can do", async () => {
      const url = `${chain.urls[0]}/?key=${secret}`;
      const { code, stdout } = await cli(["check", url]);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\/… would be healthy\.$/m);
      const report = await json(["check", url]);
      assert.deepEqual([report.chainId, report.network, report.height], [1, "mainnet", 100]);
      assert.deepEqual([report.websockets, report.batchLimit], [true, 100]);
    });

    it("ends with 3 for a wrong chain and for nobody, with 1 for what is no URL", async () => {
      const wrong = await cli(["check", chain.urls[0]!, "--chain-id", "8453"]);
      assert.equal(wrong.code, 3);
      assert.match(wrong.stdout, /would be unhealthy: it is on another chain\./);
      assert.equal((await cli(["nodes", "set", "Alpha", "--max-rps", "many"])).code, 2);
      assert.equal((await cli(["releases", "rollback", "newest"])).code, 2);
      const [port] = await freePorts(1);
      assert.equal((await cli(["check", `http://127.0.0.1:${port}/${secret}`])).code, 3);
      assert.equal((await cli(["check", `ftp://x/${secret}`])).code, 1);
    });
  });
});
