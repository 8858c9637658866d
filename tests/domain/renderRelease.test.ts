import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { fillPlaceholders, type TaskValues } from "../../functions/domain/render/placeholders";
import type { PoolFile } from "../../functions/domain/render/poolFile";
import { releaseSha256, renderRelease } from "../../functions/domain/render/renderRelease";
import { template } from "../support/nginx";
import { mainnet, nodeId, poolOf } from "../support/pool";

const url = (index: number) => `https://node${index}.example/v3/key${index}`;
const values: TaskValues = {
  runDirectory: "/run/gateway",
  njsDirectory: "/opt/njs",
  poolFile: "/run/gateway/pool-1.json",
  port: 8545,
  resolver: "10.0.0.2 [fd00::1]",
  trustedCertificates: "/etc/ssl/cert.pem",
  version: 1,
  generation: 1,
  instance: "0123456789ab",
  workers: "auto",
  callsInFlight: 100,
  contextsKept: 50,
};

describe("renderRelease", () => {
  it("gives the same bytes whatever the order of its input", () => {
    const input = poolOf(
      Array.from({ length: 8 }, (_, index) => ({
        url: url(index),
        isLeader: index === 3,
        network: index % 2 ? "mainnet" : "base",
      })),
      {},
      { networks: [mainnet, { name: "base", chainId: 8453 }] },
    );
    const expected = renderRelease(template, input);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(input.nodes, { minLength: 8 }),
        fc.shuffledSubarray(input.states, { minLength: 8 }),
        fc.shuffledSubarray(input.networks, { minLength: 2 }),
        (nodes, states, networks) => {
          assert.deepEqual(renderRelease(template, { ...input, nodes, states, networks }), expected);
        },
      ),
      { numRuns: 25 },
    );
    assert.equal(releaseSha256(expected), releaseSha256(renderRelease(template, input)));
  });

  it("leaves URLs out of pool.json but for the secrets that answers are cleaned of", () => {
    const files = renderRelease(
      template,
      poolOf([{ url: "https://user:passw0rd@h.example/short?k=0123456789" }]),
    );
    const { networks } = JSON.parse(files["pool.json"]) as PoolFile;
    const basic = Buffer.from("user:passw0rd").toString("base64");
    assert.deepEqual(networks[0]?.nodes[0]?.secrets, [basic, "k=0123456789", "0123456789", "passw0rd"]);
    assert.doesNotMatch(files["pool.json"], /https|h\.example/);
  });

  it("leaves drained nodes, nodes outside the pool and nodes of unknown networks out of both files", () => {
    const files = renderRelease(
      template,
      poolOf([
        { url: url(0) },
        { url: url(1), drained: true },
        { url: url(2), inPool: false },
        { url: url(3), network: "gone" },
      ]),
    );
    const text = files["nginx.conf"] + files["pool.json"];
    assert.ok(text.includes(nodeId(0)));
    for (const index of [1, 2, 3]) assert.ok(!text.includes(nodeId(index)), `node ${index}`);
  });

  it("names a leader outside the pool as last resort, and only then", () => {
    const leaderOf = (inPool: boolean, drained = false) => {
      const files = renderRelease(
        template,
        poolOf([{ url: url(0), isLeader: true, inPool, drained }, { url: url(1) }]),
      );
      return (JSON.parse(files["pool.json"]) as PoolFile).networks[0]?.leader?.id;
    };
    assert.equal(leaderOf(false), nodeId(0));
    assert.equal(leaderOf(true), undefined);
    assert.equal(leaderOf(false, true), undefined);
  });

  it("does not change when what clients can't see changes", () => {
    const input = poolOf([{ url: url(0) }]);
    const states = input.states.map((state) => ({
      ...state,
      lag: 3,
      latencyMs: 7,
      checkedAt: "2026-02-02T00:00:00.000Z",
    }));
    assert.deepEqual(renderRelease(template, { ...input, states }), renderRelease(template, input));
  });
});

describe("fillPlaceholders", () => {
  it("fills in a whole configuration, with and without optional values", () => {
    const text = renderRelease(template, poolOf([{ url: url(0) }]))["nginx.conf"];
    for (const more of [
      {},
      { metricsPort: 9090, nginxModule: "/m.so", user: "root", listenIpv6: true as const },
    ]) {
      assert.doesNotMatch(fillPlaceholders(text, { ...values, ...more }), /\{\{[\w#^]/);
    }
    assert.match(fillPlaceholders(text, values), /allow 127/);
    assert.doesNotMatch(fillPlaceholders(text, { ...values, metricsPort: 9090 }), /allow 127/);
  });

  it("takes folders with spaces, which the template has in quotes", () => {
    const text = renderRelease(template, poolOf([{ url: url(0) }]))["nginx.conf"];
    const filled = fillPlaceholders(text, { ...values, runDirectory: "/a b" });
    assert.ok(!filled.replace(/"[^"\n]*"/g, "").includes("/a b"));
  });

  it("refuses values that would change what the configuration says", () => {
    for (const runDirectory of ["/a;", "/a{", '/a"', "/a\n", "/a$b", ""]) {
      assert.throws(() => fillPlaceholders("{{runDirectory}}", { ...values, runDirectory }), /runDirectory/);
    }
    assert.throws(() => fillPlaceholders("{{version}}", { ...values, user: "a b" }), /user/);
    assert.throws(() => fillPlaceholders("{{other}}", values), /other/);
  });
});
