import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { defaultSettings } from "../../../functions/domain/settings";
import { AdminApi } from "../../../infra/components/adminApi";
import { AdminFunctions } from "../../../infra/components/adminFunctions";
import { recordStack } from "../support/recordStack";

const record = (apiKey?: string) =>
  recordStack(() => {
    const { admin, authorizer } = new AdminFunctions("admin", {
      region: "eu-west-1",
      options: { stack: "test", settings: defaultSettings("aws"), networks: [] },
      registryTableName: "registry",
      subjects: {
        registry: { arn: "arn:registry", region: "eu-west-1" },
        releaseBucketArn: "arn:bucket",
      },
      stateMachineArn: "arn:machine",
      clusterArn: "arn:cluster",
      serviceName: "proxy",
      serviceArn: "arn:service",
      apiKey: apiKey === undefined ? undefined : pulumi.secret(apiKey),
      cpuArchitecture: "arm64",
      logRetentionDays: 30,
    });
    return new AdminApi("admin", { admin, authorizer, logRetentionDays: 30 });
  });

describe("admin API", function () {
  this.timeout(30_000);

  it("takes calls that are signed with AWS credentials, throttled and logged", async () => {
    const stack = await record();
    assert.deepEqual(stack.one("aws:apigatewayv2/route:Route"), {
      apiId: "admin-id",
      routeKey: "$default",
      target: "integrations/admin-id",
      authorizationType: "AWS_IAM",
    });
    const stage = stack.one("aws:apigatewayv2/stage:Stage");
    assert.deepEqual(stage.defaultRouteSettings, { throttlingRateLimit: 20, throttlingBurstLimit: 40 });
    const { destinationArn } = stage.accessLogSettings as { destinationArn: string };
    assert.equal(destinationArn, "arn:aws:logs:eu-west-1:123456789012:log-group:admin");
    assert.deepEqual(stack.one("aws:lambda/permission:Permission"), {
      action: "lambda:InvokeFunction",
      function: "admin",
      principal: "apigateway.amazonaws.com",
      sourceArn: "arn:aws:execute-api:eu-west-1:123456789012:admin/*",
    });
    assert.deepEqual(stack.all("aws:apigatewayv2/authorizer:Authorizer"), []);
  });

  it("asks for the key instead where that is set, and keeps it in Secrets Manager", async () => {
    const stack = await record("a-key-of-24-characters-or-more");
    const route = stack.one("aws:apigatewayv2/route:Route");
    assert.deepEqual([route.authorizationType, route.authorizerId], ["CUSTOM", "admin-id"]);
    assert.deepEqual(stack.one("aws:apigatewayv2/authorizer:Authorizer").identitySources, [
      "$request.header.x-api-key",
    ]);
    const [version] = stack.all("aws:secretsmanager/secretVersion:SecretVersion");
    assert.deepEqual(version!.secrets, ["secretString"]);
    assert.equal(stack.all("aws:lambda/permission:Permission").length, 2);
    assert.deepEqual(stack.policy("admin-key")[0]!.Resource, [
      "arn:aws:secretsmanager:eu-west-1:123456789012:secret:admin-key",
    ]);
  });

  it("gives each function its own role, log group, limits, and an archive of two files", async () => {
    const stack = await record();
    const { code, ...inputs } = stack.one("aws:lambda/function:Function");
    const files = await (code as pulumi.asset.AssetArchive).assets;
    assert.deepEqual(Object.keys(files).sort(), ["__index.js", "dist/functions/admin.js"]);
    assert.deepEqual(inputs, {
      handler: "__index.handler",
      runtime: "nodejs24.x",
      architectures: ["arm64"],
      role: "arn:aws:iam::123456789012:role/admin",
      timeout: 29,
      memorySize: 512,
      loggingConfig: { logFormat: "JSON", logGroup: "admin" },
      tracingConfig: { mode: "Active" },
      environment: {
        variables: {
          REGISTRY_TABLE: "registry",
          GATEWAY_REGION: "eu-west-1",
          STATE_MACHINE_ARN: "arn:machine",
          ECS_CLUSTER: "arn:cluster",
          ECS_SERVICE: "proxy",
        },
      },
    });
  });
});
