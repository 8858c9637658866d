import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { metricDefinitions } from "../../functions/domain/metrics/embeddedMetrics";
import { alarmRules } from "../../infra/alarmRules";
import { dashboards } from "../../observability/dashboards";
import { AnvilChain } from "../support/anvil";
import { Gateway } from "../support/gateway";
import { until } from "../support/poll";

const root = path.resolve(__dirname, "../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const rules = read("observability/prometheus/rules.yml");
const runbook = new Set([...read("docs/operate.md").matchAll(/^### (\S+)$/gm)].map((match) => match[1]!));

/** Names of metrics in a PromQL expression or a rule file. */
function metricNames(text: string): string[] {
  return [...new Set(text.match(/\bgateway_[a-z_]+/g) ?? [])];
}

describe("runbook", () => {
  const alarms = alarmRules({
    stack: "test",
    networks: [{ name: "mainnet", maxLagBlocks: 10 }],
    healthCheckIntervalSeconds: 60,
    minHealthyNodes: 2,
    errorRatePercent: 5,
    stateMachineArn: "arn",
    functionNames: { evaluate: "evaluate", probe: "probe" },
    loadBalancerArnSuffix: "lb",
    targetGroupArnSuffix: "tg",
  });
  const headingOf = (key: string) => key.replace(/-mainnet$|-(evaluate|probe)$/, "");

  it("has an entry for every alarm, and none for an alarm that is not there", () => {
    const headings = new Set(alarms.map((alarm) => headingOf(alarm.key)));
    assert.deepEqual([...runbook].sort(), [...headings].sort());
  });
  it("has an entry for every Prometheus rule", () => {
    const named = [...rules.matchAll(/runbook: (\S+)/g)].map((match) => match[1]!);
    assert.equal(named.length, rules.match(/- alert:/g)?.length);
    for (const name of named) assert.ok(runbook.has(name), name);
  });
});

describe("dashboards", () => {
  const folder = "observability/grafana/dashboards";
  it("are what `npm run docs` writes", () => {
    const made = dashboards();
    assert.deepEqual(readdirSync(path.join(root, folder)).sort(), Object.keys(made).sort());
    for (const [name, text] of Object.entries(made)) assert.equal(read(`${folder}/${name}`), text, name);
  });
  it("show every metric of CloudWatch", () => {
    for (const metric of Object.keys(metricDefinitions)) {
      assert.ok(read(`${folder}/cloudwatch.json`).includes(`"metricName": "${metric}"`), metric);
    }
  });

  describe("and rules, against the running system", function () {
    this.timeout(90_000);
    let chain: AnvilChain;
    let gateway: Gateway;
    let key: string;
    before(async () => {
      chain = await AnvilChain.start({ replicas: 2, chainId: 1, genesisNumber: 100 });
      gateway = await Gateway.start({ RPC_PROVIDERS_HTTP: chain.urls.join(","), REQUIRE_KEYS: "true" });
      const made = await fetch(`${gateway.adminUrl}/keys`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "shop" }),
      });
      ({ key } = (await made.json()) as { key: string });
      const [node] = (await gateway.status()).nodes;
      await gateway.change(node!.id, { monthly_credits: 1_000_000 });
    });
    after(async () => {
      await gateway?.stop();
      await chain?.stop();
    });

    it("name metrics only that a scrape has", async () => {
      await chain.nodes[0]!.kill();
      const wanted = metricNames(rules + read(`${folder}/prometheus.json`));
      const scrape = async () => {
        const call = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_gasPrice", params: [] });
        for (const url of [`${gateway.url}/${key}`, gateway.url])
          await fetch(url, { method: "POST", body: call });
        const texts = [`${gateway.url}/metrics`, `${gateway.adminUrl}/metrics`].map(async (url) =>
          (await fetch(url)).text(),
        );
        return (await Promise.all(texts)).join("");
      };
      const missing = async () => {
        const text = await scrape();
        const isThere = (name: string) => new RegExp(`^(# TYPE )?${name}[ {]`, "m").test(text);
        return wanted.filter((name) => !isThere(name));
      };
      await until(async () => (await missing()).length === 0, {
        what: `all of ${wanted.join(", ")}`,
        deadlineMs: 20_000,
      }).catch(async () => assert.deepEqual(await missing(), []));
      assert.ok(wanted.length > 12);
    });

    it("rest on text that Prometheus can read: one type a name, bounded labels, no URL", async () => {
      for (const url of [gateway.url, gateway.adminUrl]) {
        const text = await (await fetch(`${url}/metrics`)).text();
        const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
        assert.equal(new Set(types).size, types.length);
        for (const line of text.split("\n").filter((one) => one && !one.startsWith("#"))) {
          assert.match(line, /^[a-z_]+(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? [-+\d.e]+$|^\S+ NaN$/);
        }
        assert.ok(!text.includes("127.0.0.1"));
      }
    });
  });
});
