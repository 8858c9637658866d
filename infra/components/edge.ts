import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../addressPlan";
import { Certificate } from "./certificate";
import { Distribution } from "./distribution";
import type { Entrance } from "./entrance";
import { RegionalAddress } from "./regionalAddress";
import { WebAcl } from "./webAcl";

export interface EdgeArgs {
  region: string;
  plan: AddressPlan;
  entrance: Entrance;
  domainName?: string;
  hostedZoneId?: string;
  edge: "none" | "cloudfront";
  waf: boolean;
  wafRequestsPer5Minutes: number;
}

/** What lies between clients and the load balancer: names, CloudFront, the web ACL. */
export class Edge extends pulumi.ComponentResource {
  /** Where clients point their RPC URL. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Edge", name, {}, opts);
    nameRegion(name, args, this);
    const acl = args.waf ? makeAcl(name, args, this) : undefined;
    const distribution = args.edge === "cloudfront" ? makeDistribution(name, args, acl, this) : undefined;
    const awsUrl = distribution
      ? pulumi.interpolate`https://${distribution.domainName}`
      : pulumi.interpolate`${args.plan.tls ? "https" : "http"}://${args.entrance.dnsName}`;
    this.url = args.plan.clientUrl ? pulumi.output(args.plan.clientUrl) : awsUrl;
    this.registerOutputs({ url: this.url });
  }
}

function nameRegion(name: string, args: EdgeArgs, parent: Edge): void {
  const { regionalName, tls, healthBy } = args.plan;
  if (!regionalName || !args.hostedZoneId) return;
  new RegionalAddress(
    `${name}-address`,
    {
      region: args.region,
      domainName: regionalName,
      hostedZoneId: args.hostedZoneId,
      loadBalancer: {
        dnsName: args.entrance.dnsName,
        zoneId: args.entrance.zoneId,
        arnSuffix: args.entrance.loadBalancerArnSuffix,
      },
      targetGroupArnSuffix: args.entrance.targetGroup.arnSuffix,
      healthBy,
      tls,
    },
    { parent },
  );
}

/** In front of CloudFront where there is one, else of the load balancer. */
function makeAcl(name: string, args: EdgeArgs, parent: Edge): WebAcl {
  const atEdge = args.edge === "cloudfront";
  const acl = new WebAcl(
    `${name}-acl`,
    {
      scope: atEdge ? "CLOUDFRONT" : "REGIONAL",
      requestsPer5Minutes: args.wafRequestsPer5Minutes,
    },
    { parent },
  );
  if (!atEdge) {
    new aws.wafv2.WebAclAssociation(
      `${name}-acl`,
      { resourceArn: args.entrance.loadBalancerArn, webAclArn: acl.arn },
      { parent },
    );
  }
  return acl;
}

function makeDistribution(name: string, args: EdgeArgs, acl: WebAcl | undefined, parent: Edge): Distribution {
  const { domainName, hostedZoneId } = args;
  const address = domainName && hostedZoneId ? { domainName, hostedZoneId } : undefined;
  return new Distribution(
    `${name}-cdn`,
    {
      originName: args.plan.regionalName ?? args.entrance.dnsName,
      originTls: args.plan.tls,
      address: address && {
        ...address,
        certificateArn: new Certificate(
          `${name}-certificate`,
          // CloudFront takes certificates of this region only.
          { ...address, alternativeNames: [], region: "us-east-1" },
          { parent },
        ).arn,
      },
      webAclArn: acl?.arn,
    },
    { parent },
  );
}
