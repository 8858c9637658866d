import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../functions/domain/settings";
import { cloudFrontPrefixList } from "./components/entrance";
import { madeVpcCidr } from "./components/network";

/**
 * Settings as the tasks need them here: whose `X-Forwarded-For` is believed. Unless the operator says so, that is the load
 * balancer (addresses of the VPC) and, in front of it, CloudFront.
 */
export function withTrustedProxies(
  settings: Settings,
  vpcId: string | undefined,
  edge: "none" | "cloudfront",
  parent: pulumi.Resource,
): pulumi.Output<Settings> {
  if (settings.trustedProxies.length > 0) return pulumi.output(settings);
  const loadBalancer = vpcId ? rangesOf(vpcId, parent) : pulumi.output([madeVpcCidr]);
  const cloudFront =
    edge === "cloudfront"
      ? cloudFrontPrefixList(parent).apply((list) => list.entries.map((entry) => entry.cidr).sort())
      : pulumi.output<string[]>([]);
  return pulumi.all([loadBalancer, cloudFront]).apply(([near, far]) => ({
    ...settings,
    trustedProxies: [...near, ...far],
  }));
}

function rangesOf(vpcId: string, parent: pulumi.Resource): pulumi.Output<string[]> {
  return aws.ec2
    .getVpcOutput({ id: vpcId }, { parent })
    .apply((vpc) => vpc.cidrBlockAssociations.map((association) => association.cidrBlock).sort());
}
