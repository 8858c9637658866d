import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { Entrance, type EntranceArgs, idleTimeoutSeconds } from "../../../infra/components/entrance";
import { recordStack } from "../support/recordStack";

const plain: EntranceArgs = {
  vpcId: "vpc-1",
  publicSubnetIds: ["subnet-1", "subnet-2"],
  targetPort: 8545,
  drainSeconds: 30,
  openTo: "internet",
  accessLogs: false,
  production: false,
};
const record = (args: Partial<EntranceArgs> = {}) =>
  recordStack(() => new Entrance("gateway", { ...plain, ...args }));

const targetGroupArn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/gateway/0";
const loadBalancerArn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/gateway/0";
const forward = [{ type: "forward", targetGroupArn }];
const ingressType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

describe("entrance", () => {
  it("asks targets for /health and lets them finish their calls", async () => {
    const stack = await record();
    assert.deepEqual(stack.one("aws:lb/targetGroup:TargetGroup"), {
      vpcId: "vpc-1",
      port: 8545,
      protocol: "HTTP",
      targetType: "ip",
      deregistrationDelay: 30,
      loadBalancingAlgorithmType: "least_outstanding_requests",
      healthCheck: {
        path: "/health",
        matcher: "200",
        interval: 10,
        timeout: 5,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
      },
    });
  });

  it("closes idle connections before nginx does", () => {
    const template = readFileSync(join(__dirname, "../../../proxy-image/nginx.conf.ejs"), "utf8");
    const [, seconds] = /^ {2}keepalive_timeout (\d+)s;$/m.exec(template) ?? [];
    assert.ok(Number(seconds) > idleTimeoutSeconds, `nginx: ${seconds} s`);
  });

  it("serves HTTP without a certificate", async () => {
    const stack = await record();
    assert.deepEqual(stack.one("aws:lb/loadBalancer:LoadBalancer"), {
      loadBalancerType: "application",
      subnets: ["subnet-1", "subnet-2"],
      securityGroups: ["gateway-entrance-id"],
      idleTimeout: 70,
      dropInvalidHeaderFields: true,
      enableDeletionProtection: false,
    });
    assert.deepEqual(stack.one("aws:lb/listener:Listener"), {
      loadBalancerArn,
      port: 80,
      protocol: "HTTP",
      defaultActions: forward,
    });
    assert.deepEqual(
      stack.all(ingressType).map((rule) => rule.inputs),
      [
        {
          securityGroupId: "gateway-entrance-id",
          ipProtocol: "tcp",
          fromPort: 80,
          toPort: 80,
          cidrIpv4: "0.0.0.0/0",
        },
      ],
    );
  });

  it("serves HTTPS with a certificate, and HTTP only redirects", async () => {
    const stack = await record({ certificateArn: "arn:certificate" });
    assert.deepEqual(stack.one("aws:lb/listener:Listener", "gateway-http").defaultActions, [
      { type: "redirect", redirect: { port: "443", protocol: "HTTPS", statusCode: "HTTP_301" } },
    ]);
    assert.deepEqual(stack.one("aws:lb/listener:Listener", "gateway-https"), {
      loadBalancerArn,
      port: 443,
      protocol: "HTTPS",
      certificateArn: "arn:certificate",
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      defaultActions: forward,
    });
    assert.deepEqual(
      stack.all(ingressType).map((rule) => rule.inputs.fromPort),
      [443, 80],
    );
  });

  it("lets in CloudFront only when it is the edge", async () => {
    const stack = await record({ openTo: "cloudfront" });
    for (const rule of stack.all(ingressType)) {
      assert.equal(rule.inputs.prefixListId, "pl-cloudfront");
      assert.equal(rule.inputs.cidrIpv4, undefined);
    }
  });

  it("keeps access logs in a private bucket on request", async () => {
    const stack = await record({ accessLogs: true });
    assert.deepEqual(stack.one("aws:lb/loadBalancer:LoadBalancer").accessLogs, {
      bucket: "gateway-access-logs",
      enabled: true,
    });
    const policy = JSON.parse(stack.one("aws:s3/bucketPolicy:BucketPolicy").policy as string);
    assert.deepEqual(policy.Statement[1], {
      Effect: "Allow",
      Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: "arn:aws:s3:::gateway-access-logs/AWSLogs/*",
    });
  });

  it("is guarded against destroy in production", async () => {
    const stack = await record({ production: true, accessLogs: true });
    assert.equal(stack.one("aws:lb/loadBalancer:LoadBalancer").enableDeletionProtection, true);
    assert.equal(stack.one("aws:s3/bucket:Bucket").forceDestroy, false);
  });

  it("adds one rule for its host name to a listener that is given, and makes no load balancer", async () => {
    const stack = await record({
      listener: {
        listenerArn: "arn:listener",
        hostName: "rpc.example.org",
        rulePriority: 7,
        securityGroupId: "sg-given",
      },
    });
    assert.deepEqual(stack.list(), [
      "aws:lb/listenerRule:ListenerRule gateway",
      "aws:lb/targetGroup:TargetGroup gateway",
    ]);
    assert.deepEqual(stack.one("aws:lb/listenerRule:ListenerRule"), {
      listenerArn: "arn:listener",
      priority: 7,
      conditions: [{ hostHeader: { values: ["rpc.example.org"] } }],
      actions: forward,
    });
  });

  it("shortens names that AWS would refuse", async () => {
    const stack = await recordStack(() => new Entrance("gateway-with-a-very-long-stack-name", plain));
    for (const type of ["aws:lb/targetGroup:TargetGroup", "aws:lb/loadBalancer:LoadBalancer"]) {
      assert.match(stack.all(type)[0]!.name, /^[a-z-]{1,17}-[0-9a-f]{6}$/);
    }
  });
});
