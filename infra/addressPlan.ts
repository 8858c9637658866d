import type { Config } from "./config/readConfig";

/** How clients find the gateway. */
export interface AddressPlan {
  /** Name of this region's load balancer; behind CloudFront one of its own. Not given: AWS's name. */
  regionalName?: string;
  /** The load balancer speaks HTTPS. */
  tls: boolean;
  /** A certificate for `regionalName` is made in the zone. */
  makesCertificate: boolean;
  /** Route 53 asks /health itself, where it is let in and knows the way; else the load balancer's metric tells. */
  healthBy: "endpoint" | "alarm";
  /** Where clients point their RPC URL, if that is known beforehand. */
  clientUrl?: string;
}

type AddressConfig = Pick<Config, "edge"> &
  Partial<Pick<Config, "domainName" | "certificateArn" | "listenerArn" | "hostName">>;

export function planAddress(config: AddressConfig): AddressPlan {
  const { domainName, certificateArn, listenerArn, hostName } = config;
  const atEdge = config.edge === "cloudfront";
  const regionalName = domainName && atEdge ? `origin.${domainName}` : domainName;
  const clientName = domainName ?? hostName;
  return {
    regionalName,
    tls: regionalName !== undefined,
    makesCertificate: regionalName !== undefined && !certificateArn && !listenerArn,
    healthBy: atEdge || listenerArn ? "alarm" : "endpoint",
    clientUrl: clientName && `https://${clientName}`,
  };
}
