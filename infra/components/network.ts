import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";

export interface NetworkArgs {
  region: string;
  /** A VPC that is there, with its subnets. Not given: one is made. */
  vpcId?: pulumi.Input<string>;
  privateSubnetIds?: pulumi.Input<string[]>;
  publicSubnetIds?: pulumi.Input<string[]>;
  /** NAT gateways of a VPC that is made. */
  natGateways: "single" | "onePerZone";
}

/** Addresses of a VPC that is made. */
export const madeVpcCidr = "10.0.0.0/16";

/** Where everything runs: subnets with a way out for tasks, public ones for the load balancer only. */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly privateSubnetIds: pulumi.Output<string[]>;
  readonly publicSubnetIds: pulumi.Output<string[]>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Network", name, {}, opts);
    if (args.vpcId) {
      this.vpcId = pulumi.output(args.vpcId);
      this.privateSubnetIds = pulumi.output(args.privateSubnetIds ?? []);
      this.publicSubnetIds = pulumi.output(args.publicSubnetIds ?? []);
    } else {
      const vpc = makeVpc(name, args, this);
      this.vpcId = vpc.vpcId;
      this.privateSubnetIds = vpc.privateSubnetIds;
      this.publicSubnetIds = vpc.publicSubnetIds;
      keepStoresOffTheNat(name, args, vpc, this);
    }
    this.registerOutputs({
      vpcId: this.vpcId,
      privateSubnetIds: this.privateSubnetIds,
      publicSubnetIds: this.publicSubnetIds,
    });
  }
}

function makeVpc(name: string, args: NetworkArgs, parent: Network): awsx.ec2.Vpc {
  return new awsx.ec2.Vpc(
    name,
    {
      cidrBlock: madeVpcCidr,
      numberOfAvailabilityZones: 2,
      enableDnsHostnames: true,
      subnetStrategy: awsx.ec2.SubnetAllocationStrategy.Auto,
      natGateways: {
        strategy:
          args.natGateways === "single"
            ? awsx.ec2.NatGatewayStrategy.Single
            : awsx.ec2.NatGatewayStrategy.OnePerAz,
      },
    },
    { parent },
  );
}

/** Gateway endpoints are free; without them every release poll and heartbeat pays the NAT gateway by the byte. */
function keepStoresOffTheNat(name: string, args: NetworkArgs, vpc: awsx.ec2.Vpc, parent: Network): void {
  const routeTableIds = vpc.routeTables.apply((tables) => pulumi.all(tables.map((table) => table.id)));
  for (const service of ["s3", "dynamodb"]) {
    new aws.ec2.VpcEndpoint(
      `${name}-${service}`,
      {
        vpcId: vpc.vpcId,
        vpcEndpointType: "Gateway",
        serviceName: `com.amazonaws.${args.region}.${service}`,
        routeTableIds,
      },
      { parent },
    );
  }
}
