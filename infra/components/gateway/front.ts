import { type AddressPlan, planAddress } from "../../addressPlan";
import { Certificate } from "../certificate";
import { Edge } from "../edge";
import { Entrance } from "../entrance";
import type { Network } from "../network";
import { proxyPort } from "../proxyService";
import type { Base } from "./base";

/** Where clients come in: load balancer, certificate, name, CloudFront. */
export function makeFront({ name, config, parent }: Base, network: Network) {
  const plan = planAddress(config);
  const entrance = new Entrance(
    name,
    {
      vpcId: network.vpcId,
      publicSubnetIds: network.publicSubnetIds,
      targetPort: proxyPort,
      drainSeconds: config.settings.drainSeconds,
      listener: config.listenerArn
        ? {
            listenerArn: config.listenerArn,
            hostName: config.hostName!,
            rulePriority: config.listenerRulePriority!,
            securityGroupId: config.loadBalancerSecurityGroupId!,
          }
        : undefined,
      certificateArn: config.certificateArn ?? makeCertificate({ name, config, parent }, plan),
      openTo: config.edge === "cloudfront" ? "cloudfront" : "internet",
      accessLogs: config.accessLogs,
      production: config.production,
    },
    { parent },
  );
  const edge = new Edge(
    `${name}-edge`,
    {
      region: config.region,
      plan,
      entrance,
      domainName: config.domainName,
      hostedZoneId: config.hostedZoneId,
      edge: config.edge,
      waf: config.waf,
      wafRequestsPer5Minutes: config.wafRequestsPer5Minutes,
    },
    { parent },
  );
  return { entrance, edge };
}

function makeCertificate({ name, config, parent }: Base, plan: AddressPlan) {
  if (!plan.makesCertificate) return undefined;
  return new Certificate(
    `${name}-certificate`,
    {
      domainName: plan.regionalName!,
      alternativeNames: [],
      hostedZoneId: config.hostedZoneId!,
      region: config.region,
    },
    { parent },
  ).arn;
}
