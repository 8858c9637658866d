import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { planAddress } from "../../../infra/addressPlan";
import { Edge, type EdgeArgs } from "../../../infra/components/edge";
import { Entrance } from "../../../infra/components/entrance";
import { shortName } from "../../../infra/shortName";
import { recordStack } from "../support/recordStack";

const zone = { domainName: "rpc.example.org", hostedZoneId: "Z1" };
const plan = (given: Partial<Parameters<typeof planAddress>[0]> & { hostedZoneId?: string }) =>
  planAddress({ edge: "none", ...given });

describe("address plan", () => {
  it("is AWS's own name over HTTP without a domain", () => {
    assert.deepEqual(plan({}), {
      regionalName: undefined,
      tls: false,
      makesCertificate: false,
      healthBy: "endpoint",
      clientUrl: undefined,
    });
  });

  it("is the domain over HTTPS, with a certificate of ours unless one is given", () => {
    assert.deepEqual(plan(zone), {
      regionalName: "rpc.example.org",
      tls: true,
      makesCertificate: true,
      healthBy: "endpoint",
      clientUrl: "https://rpc.example.org",
    });
    assert.equal(plan({ ...zone, certificateArn: "arn:certificate" }).makesCertificate, false);
  });

  it("is a name of its own behind CloudFront, where Route 53 is not let in", () => {
    const behind = plan({ ...zone, edge: "cloudfront" });
    assert.deepEqual(
      [behind.regionalName, behind.clientUrl, behind.healthBy],
      ["origin.rpc.example.org", "https://rpc.example.org", "alarm"],
    );
  });

  it("is the rule's host name on a listener that is given", () => {
    const given = plan({ listenerArn: "arn:listener", hostName: "rpc.example.net" });
    assert.deepEqual([given.clientUrl, given.makesCertificate], ["https://rpc.example.net", false]);
  });
});

describe("edge", () => {
  const record = async (given: Partial<EdgeArgs>) => {
    let url: string | undefined;
    const stack = await recordStack(() => {
      const entrance = new Entrance("gateway", {
        vpcId: "vpc-1",
        publicSubnetIds: [],
        targetPort: 8545,
        drainSeconds: 30,
        openTo: "internet",
        accessLogs: false,
        production: false,
      });
      const edge = given.edge ?? "none";
      const made = new Edge("edge", {
        region: "eu-west-1",
        entrance,
        edge,
        waf: false,
        wafRequestsPer5Minutes: 1_000,
        ...given,
        plan: plan({ ...given, edge }),
      });
      made.url.apply((value) => {
        url = value;
      });
    });
    const names = stack.list().filter((one) => one.split(" ")[1]?.startsWith("edge"));
    return { stack, names, url };
  };

  it("is nothing at all when nothing is asked for", async () => {
    const { names, url } = await record({});
    assert.deepEqual(names, []);
    assert.equal(url, "http://gateway.elb.example");
  });

  it("names the region when there is a zone", async () => {
    const { names, url } = await record(zone);
    assert.deepEqual(names, [
      "aws:route53/healthCheck:HealthCheck edge-address",
      "aws:route53/record:Record edge-address",
    ]);
    assert.equal(url, "https://rpc.example.org");
  });

  it("puts the web ACL before the load balancer", async () => {
    const { stack } = await record({ waf: true });
    assert.deepEqual(stack.one("aws:wafv2/webAclAssociation:WebAclAssociation"), {
      resourceArn: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/gateway/0",
      webAclArn: "arn:aws:wafv2:eu-west-1:123456789012:edge-acl",
    });
  });

  it("puts the web ACL before CloudFront where that is in front, and nothing before the load balancer", async () => {
    const { stack, url } = await record({ ...zone, waf: true, edge: "cloudfront" });
    assert.deepEqual(stack.all("aws:wafv2/webAclAssociation:WebAclAssociation"), []);
    const distribution = stack.one("aws:cloudfront/distribution:Distribution");
    assert.equal(distribution.webAclId, "arn:aws:wafv2:eu-west-1:123456789012:edge-acl");
    assert.deepEqual(
      (distribution.origins as { domainName: string }[]).map((origin) => origin.domainName),
      ["origin.rpc.example.org"],
    );
    assert.equal(stack.one("aws:acm/certificate:Certificate").region, "us-east-1");
    assert.equal(url, "https://rpc.example.org");
  });

  it("is CloudFront's own name without a domain", async () => {
    const { url } = await record({ edge: "cloudfront" });
    assert.equal(url, "https://d1.cloudfront.example");
  });
});

describe("short names", () => {
  it("stay as they are up to 24 characters, and differ beyond", () => {
    assert.equal(shortName("gateway-production"), "gateway-production");
    const [a, b] = [shortName(`gateway-${"x".repeat(30)}-a`), shortName(`gateway-${"x".repeat(30)}-b`)];
    assert.ok(a.length <= 24 && b.length <= 24 && a !== b, `${a} ${b}`);
  });
});
