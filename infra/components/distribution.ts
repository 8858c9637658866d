import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface DistributionArgs {
  /** Host that CloudFront connects to. */
  originName: pulumi.Input<string>;
  originTls: boolean;
  /** Clients' name, with its certificate of us-east-1. Not given: CloudFront's own name. */
  address?: {
    domainName: string;
    certificateArn: pulumi.Input<string>;
    hostedZoneId: pulumi.Input<string>;
  };
  webAclArn?: pulumi.Input<string>;
}

/** Policies that AWS keeps: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html */
const cachingDisabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const allViewer = "216adef6-5c7f-47e4-b989-5492eafa07d3";
const allViewerExceptHost = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/** CloudFront in front of the load balancer: TLS ends near the client, nothing is cached, WebSockets pass. */
export class Distribution extends pulumi.ComponentResource {
  readonly domainName: pulumi.Output<string>;

  constructor(name: string, args: DistributionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Distribution", name, {}, opts);
    const distribution = makeDistribution(name, args, this);
    if (args.address) pointTo(name, args.address, distribution, this);
    this.domainName = distribution.domainName;
    this.registerOutputs({ domainName: this.domainName });
  }
}

function makeDistribution(
  name: string,
  args: DistributionArgs,
  parent: Distribution,
): aws.cloudfront.Distribution {
  return new aws.cloudfront.Distribution(
    name,
    {
      enabled: true,
      isIpv6Enabled: true,
      httpVersion: "http2and3",
      aliases: args.address ? [args.address.domainName] : [],
      origins: [
        {
          originId: "gateway",
          domainName: args.originName,
          // Origin shield stays off: nothing is cached, so it would only add a hop.
          customOriginConfig: {
            httpPort: 80,
            httpsPort: 443,
            originProtocolPolicy: args.originTls ? "https-only" : "http-only",
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
        cachePolicyId: cachingDisabled,
        // The origin's certificate is for its own name: with TLS the client's Host stays here.
        originRequestPolicyId: args.originTls ? allViewerExceptHost : allViewer,
      },
      restrictions: { geoRestriction: { restrictionType: "none" } },
      viewerCertificate: args.address
        ? {
            acmCertificateArn: args.address.certificateArn,
            sslSupportMethod: "sni-only",
            minimumProtocolVersion: "TLSv1.2_2021",
          }
        : { cloudfrontDefaultCertificate: true },
      ...(args.webAclArn && { webAclId: args.webAclArn }),
    },
    { parent },
  );
}

function pointTo(
  name: string,
  address: NonNullable<DistributionArgs["address"]>,
  distribution: aws.cloudfront.Distribution,
  parent: Distribution,
): void {
  for (const type of ["A", "AAAA"]) {
    new aws.route53.Record(
      `${name}-${type.toLowerCase()}`,
      {
        zoneId: address.hostedZoneId,
        name: address.domainName,
        type,
        aliases: [
          {
            name: distribution.domainName,
            zoneId: distribution.hostedZoneId,
            evaluateTargetHealth: false,
          },
        ],
      },
      { parent },
    );
  }
}
