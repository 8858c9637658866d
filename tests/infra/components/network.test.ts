import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Network } from "../../../infra/components/network";
import { recordStack } from "../support/recordStack";

describe("network", () => {
  it("makes a VPC in two zones with one NAT gateway, and free endpoints to the stores", async () => {
    const stack = await recordStack(() => new Network("net", { region: "eu-west-1", natGateways: "single" }));
    assert.deepEqual(stack.one("awsx:ec2:Vpc"), {
      cidrBlock: "10.0.0.0/16",
      numberOfAvailabilityZones: 2,
      enableDnsHostnames: true,
      subnetStrategy: "Auto",
      natGateways: { strategy: "Single" },
    });
    const endpoint = (service: string) => ({
      vpcId: "vpc-made",
      vpcEndpointType: "Gateway",
      serviceName: `com.amazonaws.eu-west-1.${service}`,
      routeTableIds: ["rtb-1", "rtb-2"],
    });
    assert.deepEqual(stack.one("aws:ec2/vpcEndpoint:VpcEndpoint", "net-s3"), endpoint("s3"));
    assert.deepEqual(stack.one("aws:ec2/vpcEndpoint:VpcEndpoint", "net-dynamodb"), endpoint("dynamodb"));
  });

  it("gives each zone its NAT gateway on request", async () => {
    const stack = await recordStack(
      () => new Network("net", { region: "eu-west-1", natGateways: "onePerZone" }),
    );
    assert.deepEqual(stack.one("awsx:ec2:Vpc").natGateways, { strategy: "OnePerAz" });
  });

  it("makes nothing in a VPC that is given", async () => {
    const stack = await recordStack(
      () =>
        new Network("net", {
          region: "eu-west-1",
          vpcId: "vpc-1",
          privateSubnetIds: ["subnet-1"],
          publicSubnetIds: ["subnet-2"],
          natGateways: "single",
        }),
    );
    assert.deepEqual(stack.list(), []);
  });
});
