import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { WebSocket } from "ws";
import type { CreatedKeyView } from "../../functions/handlers/admin/keys";
import { AnvilChain } from "../support/anvil";
import { Gateway } from "../support/gateway";
import { until } from "../support/poll";

/** A key's whole life, in the system as `npm start` runs it. */
describe("a key", function () {
  this.timeout(60_000);
  let chain: AnvilChain;
  let gateway: Gateway;
  before(async () => {
    chain = await AnvilChain.start({ replicas: 1, blockTimeMs: 500 });
    gateway = await Gateway.start({ RPC_PROVIDERS_HTTP: chain.urls[0]!, REQUIRE_KEYS: "true" });
  });
  after(async () => {
    await gateway?.stop();
    await chain?.stop();
  });

  const admin = (method: string, where: string, body?: object) =>
    fetch(`${gateway.adminUrl}${where}`, {
      method,
      ...(body ? { headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {}),
    });
  const create = async (name: string) =>
    (await (await admin("POST", "/keys", { name })).json()) as CreatedKeyView;
  const statusWith = async (key: string) =>
    (await gateway.rpc("eth_getBalance", [`0x${"0".repeat(40)}`, "latest"], `/${key}`)).status;
  const generation = async () =>
    /gateway_configuration_generation (\d+)/.exec(await (await fetch(`${gateway.url}/metrics`)).text())?.[1];
  const within5s = (what: string, condition: () => Promise<boolean>) =>
    until(condition, { what, deadlineMs: 5_000 });

  it("added and revoked by the admin API is effective within 5 s, without a reload, and never logged", async () => {
    assert.equal((await gateway.rpc("eth_blockNumber")).status, 401);
    const before = await generation();
    const made = await create("shop");
    await within5s("the key works", async () => (await statusWith(made.key)) === 200);
    const socket = new WebSocket(`${gateway.url.replace("http", "ws")}/${made.key}`);
    let closeCode: number | undefined;
    socket.once("close", (code) => {
      closeCode = code;
    });
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    const answer = new Promise<string>((resolve) => socket.once("message", (data) => resolve(String(data))));
    socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["latest",false]}');
    assert.match(await answer, /"result":\{/);
    await until(() => gateway.output.includes('"key":"shop"'), { what: "the log names the key" });
    assert.equal((await admin("DELETE", `/keys/${made.id}`)).status, 204);
    await within5s("the key is unknown", async () => (await statusWith(made.key)) === 401);
    await within5s("its socket is closed with 1008", async () => closeCode === 1008);
    assert.equal(await generation(), before);
    const other = await create("other");
    await within5s("another key works", async () => (await statusWith(other.key)) === 200);
    await gateway.end("SIGTERM");
    await gateway.launch({ untilReady: true });
    assert.equal(await statusWith(other.key), 200);
    assert.equal(await statusWith(made.key), 401);
    await gateway.end("SIGTERM");
    const files = filesBelow(gateway.dataDirectory).map((file) => readFileSync(file, "latin1"));
    assert.ok(files.length > 5 && gateway.output.length > 1000);
    for (const key of [made.key, other.key]) {
      for (const text of [...files, gateway.output]) {
        const at = text.indexOf(key.slice(3));
        assert.equal(at, -1, `the key is in …${text.slice(Math.max(0, at - 200), at + 100)}…`);
      }
    }
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory()) return filesBelow(file);
    return found?.isFile() ? [file] : [];
  });
}
