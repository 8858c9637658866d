import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Certificate } from "../../../infra/components/certificate";
import { Distribution } from "../../../infra/components/distribution";
import { RegionalAddress, type RegionalAddressArgs } from "../../../infra/components/regionalAddress";
import { WebAcl } from "../../../infra/components/webAcl";
import { recordStack } from "../support/recordStack";

describe("certificate", () => {
  it("is proven in the zone, for each of its names, where it is wanted", async () => {
    const stack = await recordStack(
      () =>
        new Certificate("cert", {
          domainName: "rpc.example.org",
          alternativeNames: ["origin.rpc.example.org"],
          hostedZoneId: "Z1",
          region: "us-east-1",
        }),
    );
    assert.deepEqual(stack.one("aws:acm/certificate:Certificate"), {
      region: "us-east-1",
      domainName: "rpc.example.org",
      subjectAlternativeNames: ["origin.rpc.example.org"],
      validationMethod: "DNS",
    });
    assert.deepEqual(
      stack.all("aws:route53/record:Record").map((record) => record.inputs),
      ["rpc.example.org", "origin.rpc.example.org"].map((name) => ({
        zoneId: "Z1",
        name: `_proof.${name}`,
        type: "CNAME",
        records: ["proof.acm.example"],
        ttl: 300,
        allowOverwrite: true,
      })),
    );
    assert.deepEqual(stack.one("aws:acm/certificateValidation:CertificateValidation"), {
      region: "us-east-1",
      certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/cert",
      validationRecordFqdns: ["_proof.rpc.example.org", "_proof.origin.rpc.example.org"],
    });
  });
});

describe("regional address", () => {
  const record = (healthBy: RegionalAddressArgs["healthBy"], tls = true) =>
    recordStack(
      () =>
        new RegionalAddress("address", {
          region: "eu-west-1",
          domainName: "rpc.example.org",
          hostedZoneId: "Z1",
          loadBalancer: { dnsName: "lb.example", zoneId: "ZELB", arnSuffix: "app/lb/0" },
          targetGroupArnSuffix: "targetgroup/tg/0",
          healthBy,
          tls,
        }),
    );

  it("is one answer by latency, withdrawn when the region's health check fails", async () => {
    const stack = await record("endpoint");
    assert.deepEqual(stack.one("aws:route53/record:Record"), {
      zoneId: "Z1",
      name: "rpc.example.org",
      type: "A",
      setIdentifier: "eu-west-1",
      latencyRoutingPolicies: [{ region: "eu-west-1" }],
      healthCheckId: "address-id",
      aliases: [{ name: "lb.example", zoneId: "ZELB", evaluateTargetHealth: true }],
    });
    assert.deepEqual(stack.one("aws:route53/healthCheck:HealthCheck"), {
      type: "HTTPS",
      fqdn: "lb.example",
      port: 443,
      resourcePath: "/health",
      requestInterval: 30,
      failureThreshold: 3,
    });
  });

  it("is checked over HTTP where there is no certificate", async () => {
    const check = (await record("endpoint", false)).one("aws:route53/healthCheck:HealthCheck");
    assert.deepEqual([check.type, check.port], ["HTTP", 80]);
  });

  it("is judged by the load balancer's own metric where Route 53 can't connect", async () => {
    const stack = await record("alarm");
    assert.deepEqual(stack.one("aws:route53/healthCheck:HealthCheck"), {
      type: "CLOUDWATCH_METRIC",
      cloudwatchAlarmName: "address-reachable",
      cloudwatchAlarmRegion: "eu-west-1",
      insufficientDataHealthStatus: "LastKnownStatus",
    });
    const { metricName, threshold, treatMissingData } = stack.one("aws:cloudwatch/metricAlarm:MetricAlarm");
    assert.deepEqual([metricName, threshold, treatMissingData], ["HealthyHostCount", 1, "breaching"]);
  });
});

describe("CloudFront distribution", () => {
  const type = "aws:cloudfront/distribution:Distribution";

  it("caches nothing, passes every method, and speaks TLS to the origin of that name", async () => {
    const stack = await recordStack(
      () =>
        new Distribution("edge", {
          originName: "origin.rpc.example.org",
          originTls: true,
          address: { domainName: "rpc.example.org", certificateArn: "arn:certificate", hostedZoneId: "Z1" },
          webAclArn: "arn:acl",
        }),
    );
    assert.deepEqual(stack.one(type), {
      enabled: true,
      isIpv6Enabled: true,
      httpVersion: "http2and3",
      aliases: ["rpc.example.org"],
      origins: [
        {
          originId: "gateway",
          domainName: "origin.rpc.example.org",
          customOriginConfig: {
            httpPort: 80,
            httpsPort: 443,
            originProtocolPolicy: "https-only",
            originSslProtocols: ["TLSv1.2"],
            originReadTimeout: 60,
            originKeepaliveTimeout: 60,
          },
        },
      ],
      defaultCacheBehavior: {
        targetOriginId: "gateway",
        viewerProtocolPolicy: "redirect-to-https",
        allowedMethods: ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
        cachedMethods: ["GET", "HEAD"],
        compress: false,
        cachePolicyId: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        originRequestPolicyId: "b689b0a8-53d0-40ab-baf2-68738e2966ac",
      },
      restrictions: { geoRestriction: { restrictionType: "none" } },
      viewerCertificate: {
        acmCertificateArn: "arn:certificate",
        sslSupportMethod: "sni-only",
        minimumProtocolVersion: "TLSv1.2_2021",
      },
      webAclId: "arn:acl",
    });
    assert.deepEqual(
      stack.all("aws:route53/record:Record").map((record) => [record.inputs.type, record.inputs.aliases]),
      ["A", "AAAA"].map((recordType) => [
        recordType,
        [{ name: "d1.cloudfront.example", zoneId: "ZCLOUDFRONT", evaluateTargetHealth: false }],
      ]),
    );
  });

  it("has CloudFront's own name and certificate without a domain", async () => {
    const stack = await recordStack(
      () => new Distribution("edge", { originName: "lb.example", originTls: false }),
    );
    const inputs = stack.one(type);
    assert.deepEqual(inputs.viewerCertificate, { cloudfrontDefaultCertificate: true });
    assert.deepEqual(inputs.aliases, []);
    assert.equal(inputs.webAclId, undefined);
    assert.deepEqual(stack.all("aws:route53/record:Record"), []);
  });
});

describe("web ACL", () => {
  it("counts requests per address and has AWS's lists, in the region it is used in", async () => {
    const stack = await recordStack(
      () => new WebAcl("acl", { scope: "REGIONAL", requestsPer5Minutes: 100_000 }),
    );
    const acl = stack.one("aws:wafv2/webAcl:WebAcl");
    assert.equal(acl.scope, "REGIONAL");
    assert.equal(acl.region, undefined);
    assert.deepEqual(acl.defaultAction, { allow: {} });
    const rules = acl.rules as { name: string; statement: object; action?: object }[];
    assert.deepEqual(rules[0]?.statement, {
      rateBasedStatement: { aggregateKeyType: "IP", limit: 100_000, evaluationWindowSec: 300 },
    });
    assert.deepEqual(rules[0]?.action, { block: { customResponse: { responseCode: 429 } } });
    assert.deepEqual(
      rules.slice(1).map((rule) => rule.name),
      ["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet"],
    );
  });

  it("lives in us-east-1 for CloudFront", async () => {
    const stack = await recordStack(
      () => new WebAcl("acl", { scope: "CLOUDFRONT", requestsPer5Minutes: 100 }),
    );
    const { scope, region } = stack.one("aws:wafv2/webAcl:WebAcl");
    assert.deepEqual([scope, region], ["CLOUDFRONT", "us-east-1"]);
  });
});
