import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { describe, it } from "mocha";
import { documentConfig } from "../../infra/config/document";
import { inputNames } from "../../infra/config/inputs";
import { readConfig } from "../../infra/config/readConfig";

const read = (keys: Record<string, string> = {}) =>
  readConfig(
    {
      "aws:region": "eu-west-1",
      ...Object.fromEntries(Object.entries(keys).map(([key, value]) => [`gateway:${key}`, value])),
    },
    "gateway",
    "dev",
  );
const fails = (keys: Record<string, string>, sentence: string) =>
  assert.throws(
    () => read(keys),
    (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error), "Pulumi prints a RunError without its stack");
      assert.equal(error.message, sentence);
      return true;
    },
  );

describe("stack config", () => {
  it("needs a region only", () => {
    const config = read();
    assert.equal(config.region, "eu-west-1");
    assert.deepEqual(config.networks, [{ name: "mainnet", chainId: 1 }]);
    assert.equal(config.settings.healthCheckIntervalSeconds, 60);
    assert.equal(config.vpcId, undefined);
    assert.throws(() => readConfig({}, "gateway", "dev"), {
      message: "aws:region is missing: give the region to deploy to, such as eu-west-1.",
    });
  });

  it("reads lists and maps as Pulumi hands them over, and lists as texts too", () => {
    const config = read({
      networks: '[{"name":"base","chainId":8453,"maxLagBlocks":30,"allowedMethods":["debug_*"]}]',
      tags: '{"team":"chain"}',
      blockedMethods: '["admin_*"]',
      nodeSecurityGroupIds: "sg-0123456789abcdef0, sg-0123456789abcdef1",
      waf: "true",
    });
    assert.deepEqual(config.networks[0], {
      name: "base",
      chainId: 8453,
      maxLagBlocks: 30,
      allowedMethods: ["debug_*"],
    });
    assert.deepEqual(config.tags, { team: "chain" });
    assert.deepEqual(config.settings.blockedMethods, ["admin_*"]);
    assert.deepEqual(config.nodeSecurityGroupIds, ["sg-0123456789abcdef0", "sg-0123456789abcdef1"]);
    assert.equal(config.waf, true);
  });

  it("leaves other projects' and providers' keys alone", () => {
    assert.doesNotThrow(() =>
      readConfig({ "aws:region": "eu-west-1", "aws:profile": "me", "other:key": "x" }, "gateway", "dev"),
    );
  });

  const sentences: [string, Record<string, string>, string][] = [
    [
      "an unknown key",
      { vpcIdd: "vpc-1" },
      "gateway:vpcIdd is not a key of this program: docs/config.md lists them.",
    ],
    [
      "a bad setting",
      { maxLagBlocks: "ten" },
      'gateway:maxLagBlocks: "ten" is not allowed: give a whole number from 0 to 1000000.',
    ],
    [
      "an empty value",
      { maxLagBlocks: "" },
      'gateway:maxLagBlocks: "" is not allowed: give a whole number from 0 to 1000000.',
    ],
    [
      "a bad id",
      { vpcId: "vpc" },
      'gateway:vpcId: "vpc" is not allowed: give a VPC id such as vpc-0123456789abcdef0.',
    ],
    [
      "a VPC without its subnets",
      { vpcId: "vpc-01234567" },
      "gateway:privateSubnetIds is missing: give the tasks' subnets in that VPC (vpcId is given).",
    ],
    [
      "a VPC without subnets for the load balancer",
      { vpcId: "vpc-01234567", privateSubnetIds: "subnet-01234567,subnet-01234568" },
      "gateway:publicSubnetIds is missing: give the load balancer's subnets (vpcId is given), or listenerArn.",
    ],
    [
      "a domain without zone and certificate",
      { domainName: "rpc.example.org" },
      "gateway:hostedZoneId is missing: give the Route 53 zone of domainName, for its record and certificate.",
    ],
    [
      "fewer tasks at most than at least",
      { minTasks: "5", maxTasks: "4" },
      "gateway:minTasks: 5 is not allowed: give at most maxTasks (4).",
    ],
    [
      "an interval that EventBridge can't keep",
      { healthCheckIntervalSeconds: "90" },
      "gateway:healthCheckIntervalSeconds: 90 is not allowed: give 5, 6, 10, 12, 15, 20, 30 or whole minutes (60, 120, …) on AWS.",
    ],
    [
      "a drain that Fargate cuts off",
      { drainSeconds: "120" },
      "gateway:drainSeconds: 120 is not allowed: give at most 110 on AWS.",
    ],
    [
      "a task size that Fargate does not have",
      { taskCpu: "256", taskMemoryMiB: "4096" },
      "gateway:taskMemoryMiB: 4096 is not allowed: give a memory that Fargate allows with taskCpu 256.",
    ],
    [
      "the key of the admin API",
      { adminAuth: "apiKey" },
      "gateway:adminApiKey is missing: give the key that adminAuth: apiKey asks for, with --secret.",
    ],
    [
      "a replica where the registry is",
      { replicaRegions: "eu-west-1" },
      'gateway:replicaRegions: ["eu-west-1"] is not allowed: give regions other than the stack\'s own.',
    ],
    [
      "two networks of one chain",
      { networks: '[{"name":"a","chainId":1},{"name":"b","chainId":1}]' },
      'gateway:networks: "[{\\"name\\":\\"a\\",\\"chainId\\":1},{\\"name\\":\\"b\\",\\"chainId\\":1}]" is not allowed: give a list of networks such as [{"name": "mainnet", "chainId": 1}], names and chain ids unique.',
    ],
  ];
  for (const [what, keys, sentence] of sentences) {
    it(`names ${what} in one sentence`, () => fails(keys, sentence));
  }

  it("keeps the nodes' URLs and the admin key secret, in errors too", async () => {
    const secretUrl = "https://node.example/v3/SECRET";
    const config = read({
      nodes: JSON.stringify([{ url: secretUrl, isLeader: true }]),
      adminAuth: "apiKey",
      adminApiKey: "SECRET-SECRET-SECRET-SECRET",
    });
    assert.ok(pulumi.Output.isInstance(config.nodes));
    assert.equal(await (config.nodes as unknown as { isSecret: Promise<boolean> }).isSecret, true);
    const leaks: Record<string, string>[] = [
      { nodes: JSON.stringify([{ url: secretUrl, weight: 0 }]) },
      { nodes: JSON.stringify([{ url: `${secretUrl};` }]) },
      { nodes: JSON.stringify([{ url: secretUrl }, { url: secretUrl }]) },
      { nodes: JSON.stringify([{ url: "http://10.0.0.1/SECRET" }]) },
      { nodes: JSON.stringify([{ url: secretUrl, network: "sepolia" }]) },
      { nodes: `not json ${secretUrl}` },
      { adminApiKey: "SECRET" },
    ];
    for (const keys of leaks) {
      assert.throws(
        () => read(keys),
        (error: Error) => {
          assert.ok(pulumi.RunError.isInstance(error));
          return !error.message.includes("SECRET");
        },
      );
    }
  });

  it("either reads what it is given or says one sentence, whatever that is", () => {
    fc.assert(
      fc.property(fc.constantFrom(...inputNames), fc.oneof(fc.string(), fc.json()), (name, value) => {
        try {
          read({ [name]: value });
        } catch (error) {
          assert.ok(pulumi.RunError.isInstance(error as Error), String(error));
          assert.match((error as Error).message, /^gateway:\w+[^\n]*\.$/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is documented as it is", () => {
    const text = readFileSync(join(__dirname, "../../docs/config.md"), "utf8");
    assert.equal(text, documentConfig(), "npm run docs");
  });
});
