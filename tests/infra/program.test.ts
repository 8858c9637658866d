import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { filesOf } from "./support/archives";
import { type ProgramConfig, type ProgramRun, runProgram } from "./support/runProgram";
import { everythingGiven, everythingMade, furtherRegion, nothingGiven, planted } from "./support/stacks";

const stacks: Record<string, ProgramConfig> = {
  "nothing-given": nothingGiven,
  "everything-given": everythingGiven,
  "everything-made": everythingMade,
  "further-region": furtherRegion,
};

/** Statements about all resources that have no narrower form, and why. */
const wideStatements: Record<string, string> = {
  "ecr:GetAuthorizationToken": "a token is the registry's, not a repository's",
  "xray:PutTraceSegments": "X-Ray has no resource for segments",
  "xray:PutTelemetryRecords": "X-Ray has no resource for telemetry",
  "xray:GetSamplingRules": "Step Functions reads all rules",
  "xray:GetSamplingTargets": "Step Functions reads all rules",
  "ec2:CreateNetworkInterface": "Lambda makes the interfaces; their ids are not known before",
  "ec2:DescribeNetworkInterfaces": "EC2's describe actions have no resource",
  "ec2:DescribeSubnets": "EC2's describe actions have no resource",
  "ec2:DeleteNetworkInterface": "Lambda makes the interfaces; their ids are not known before",
  "ec2:AssignPrivateIpAddresses": "Lambda makes the interfaces; their ids are not known before",
  "ec2:UnassignPrivateIpAddresses": "Lambda makes the interfaces; their ids are not known before",
  "logs:CreateLogDelivery": "CloudWatch Logs' delivery actions have no resource",
  "logs:GetLogDelivery": "CloudWatch Logs' delivery actions have no resource",
  "logs:UpdateLogDelivery": "CloudWatch Logs' delivery actions have no resource",
  "logs:DeleteLogDelivery": "CloudWatch Logs' delivery actions have no resource",
  "logs:ListLogDeliveries": "CloudWatch Logs' delivery actions have no resource",
  "logs:PutResourcePolicy": "CloudWatch Logs' delivery actions have no resource",
  "logs:DescribeResourcePolicies": "CloudWatch Logs' delivery actions have no resource",
  "logs:DescribeLogGroups": "CloudWatch Logs' delivery actions have no resource",
};

for (const [name, config] of Object.entries(stacks)) {
  describe(`the program, ${name.replace("-", " ")}`, function () {
    this.timeout(120_000);
    let run: ProgramRun;
    before(async () => {
      run = await runProgram(config);
    });
    after(() => run?.remove());

    it("declares exactly this", () => assertGolden(name, run));

    // Of one stack; it takes a while.
    if (config === everythingGiven) {
      it("declares the same when it is run again, byte for byte, archives included", async () => {
        const again = await runProgram(config);
        try {
          assert.ok(again.text === run.text, firstDifference(run.text, again.text));
          const files = filesOf(run.folder);
          assert.deepEqual(filesOf(again.folder), files);
          for (const path of files) {
            assert.ok(
              readFileSync(join(run.folder, path)).equals(readFileSync(join(again.folder, path))),
              path,
            );
          }
        } finally {
          again.remove();
        }
      });
    }

    it("says where it can be reached and found", () => {
      assert.deepEqual(run.outputs, [
        "adminFunctionName",
        "adminUrl",
        "alarmTopicArn",
        "dashboardName",
        "registryTableName",
        "releaseBucketName",
        "serviceArn",
        "stateMachineArn",
        "url",
      ]);
    });

    it("tags every resource: all come from the provider with the default tags", () => {
      const [provider] = run.stack.all("pulumi:providers:aws");
      assert.match(String(provider!.inputs.defaultTags), /"project":"jsonrpc-gateway","stack":"test"/);
      const stray = run.stack.resources
        .filter(({ custom, type }) => custom && type.startsWith("aws:"))
        .filter((resource) => !resource.provider.includes(`pulumi:providers:aws::${provider!.name}`));
      assert.deepEqual(
        stray.map(({ type, name }) => `${type} ${name}`),
        [],
      );
    });

    it("has nothing public but the load balancer", () => {
      const open = run.stack
        .all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        .filter(({ inputs }) => inputs.cidrIpv4 !== undefined || inputs.cidrIpv6 !== undefined)
        .map(({ inputs }) => inputs.securityGroupId);
      assert.ok(
        open.every((group) => group === "gateway-test-entrance-id"),
        JSON.stringify(open),
      );
      const service = run.stack.one("aws:ecs/service:Service").networkConfiguration;
      assert.equal((service as { assignPublicIp: boolean }).assignPublicIp, false);
      const buckets = run.stack.all("aws:s3/bucket:Bucket").map((bucket) => bucket.name);
      const blocked = run.stack.all("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
      assert.deepEqual(
        blocked.map((block) => block.name),
        buckets,
      );
      for (const { inputs } of run.stack.all("aws:apigatewayv2/route:Route")) {
        assert.ok(["AWS_IAM", "CUSTOM"].includes(inputs.authorizationType as string));
      }
      for (const { inputs } of run.stack.all("aws:lambda/permission:Permission")) {
        assert.ok(inputs.sourceArn, "a permission without source lets in every account");
      }
      assert.deepEqual(run.stack.all("aws:lambda/functionUrl:FunctionUrl"), []);
    });

    it("allows nothing on all resources but what has no narrower form", () => {
      const wide = new Set<string>();
      for (const { inputs } of run.stack.all("aws:iam/rolePolicy:RolePolicy")) {
        for (const statement of JSON.parse(inputs.policy as string).Statement) {
          for (const action of statement.Action as string[]) {
            assert.ok(!action.includes("*"), action);
            if ((statement.Resource as string[]).includes("*")) wide.add(action);
          }
        }
      }
      assert.deepEqual(
        [...wide].filter((action) => !wideStatements[action]),
        [],
      );
    });

    it("gives no role a managed policy", () => {
      assert.deepEqual(run.stack.all("aws:iam/rolePolicyAttachment:RolePolicyAttachment"), []);
      for (const { inputs } of run.stack.all("aws:iam/role:Role")) {
        assert.deepEqual(Object.keys(inputs), ["assumeRolePolicy"]);
      }
    });

    it("shows no secret outside of Pulumi's secrets", () => {
      for (const resource of run.stack.resources) {
        if (!JSON.stringify(resource.inputs).includes(planted)) continue;
        assert.equal(resource.type, "aws:secretsmanager/secretVersion:SecretVersion");
        assert.deepEqual(resource.secrets, ["secretString"]);
      }
      for (const path of filesOf(run.folder).filter((file) => file !== "resources.json")) {
        assert.ok(!readFileSync(join(run.folder, path), "utf8").includes(planted), path);
      }
    });

    it("keeps each function's environment far below 4 KiB", () => {
      for (const { name: functionName, inputs } of run.stack.all("aws:lambda/function:Function")) {
        assert.ok(JSON.stringify(inputs.environment).length < 1024, functionName);
      }
    });
  });
}

describe("the program", function () {
  this.timeout(120_000);

  it("stops with one sentence when the config is bad", async () => {
    await assert.rejects(
      runProgram({ ...nothingGiven, "jsonrpc-gateway:minTasks": "many" }),
      /jsonrpc-gateway:minTasks: "many" is not allowed: give a whole number from 1 to 1000\./,
    );
  });
});

/** Every input of every resource. `UPDATE_GOLDEN=1` writes it anew: read the difference before you commit it. */
function assertGolden(name: string, run: ProgramRun): void {
  const path = join(__dirname, "golden", `${name}.golden`);
  const declared = run.stack.resources
    .filter(({ custom, type }) => custom || type.startsWith("awsx:"))
    .map(({ type, name: resource, inputs }) => ({
      type,
      name: resource,
      inputs: readable(run, resource, inputs),
    }))
    .sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
  const text = `${JSON.stringify(declared, sortKeys, 2).replaceAll(planted, "<secret>")}\n`;
  if (process.env.UPDATE_GOLDEN || !existsSync(path)) writeFileSync(path, text);
  assert.equal(text, readFileSync(path, "utf8"));
}

function firstDifference(a: string, b: string): string {
  const others = b.split("\n");
  const index = a.split("\n").findIndex((line, number) => line !== others[number]);
  return `line ${index + 1}: ${a.split("\n")[index]} / ${others[index]}`;
}

/** An archive as the list of its files, JSON inside of texts as what it says. */
function readable(run: ProgramRun, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => {
      if (key === "code") return [key, filesOf(join(run.folder, name))];
      if (typeof value === "string" && /^[[{]/.test(value)) return [key, JSON.parse(value)];
      return [key, value];
    }),
  );
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
