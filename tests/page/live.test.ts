import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { AnvilChain } from "../support/anvil";
import { Gateway } from "../support/gateway";
import { until } from "../support/poll";
import { Browser, chromiumOrSkip } from "./browser";

/** The run, with health checks every second; what is 2 s here is the page's own pace. */
const intervalMs = 1000;
const pollMs = 2000;

describe("status page of the running system", function () {
  this.timeout(90_000);
  let chain: AnvilChain;
  let gateway: Gateway;
  let browser: Browser;
  before(async function () {
    const chromium = await chromiumOrSkip(this);
    chain = await AnvilChain.start({ replicas: 3, chainId: 1, genesisNumber: 100, blockTimeMs: 500 });
    gateway = await Gateway.start({ RPC_PROVIDERS_HTTP: chain.urls.join(",") });
    browser = await Browser.start(chromium);
  });
  after(async () => {
    await browser?.close();
    await gateway?.stop();
    await chain?.stop();
  });

  it("shows that a node was killed two health checks later, and why, without a word from the console", async () => {
    const open = await browser.open(`${gateway.adminUrl}/`);
    const says = (text: string) =>
      open.page.evaluate(`document.body.innerText.includes(${JSON.stringify(text)})`);
    await until(() => says("3 of 3 nodes healthy"), { what: "all are healthy" });
    const killed = Date.now();
    await chain.nodes[0]!.kill();
    await until(() => says("2 of 3 nodes healthy"), { what: "one is gone", deadlineMs: 15_000 });
    const ms = Date.now() - killed;
    process.stdout.write(`      seen after ${ms} ms\n`);
    assert.ok(ms < 2 * intervalMs + pollMs + 2000, `${ms} ms`);
    await until(() => says("is unhealthy: unreachable"), { what: "the event" });
    assert.deepEqual([open.complaints, open.foreignRequests], [[], []]);
    await open.page.close();
  });
});
