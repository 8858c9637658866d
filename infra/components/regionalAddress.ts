import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface RegionalAddressArgs {
  region: string;
  domainName: string;
  hostedZoneId: pulumi.Input<string>;
  loadBalancer: {
    dnsName: pulumi.Input<string>;
    zoneId: pulumi.Input<string>;
    arnSuffix: pulumi.Input<string>;
  };
  targetGroupArnSuffix: pulumi.Input<string>;
  /** `endpoint`: Route 53 asks /health over the internet. `alarm`: the load balancer lets nobody in, its metric tells. */
  healthBy: "endpoint" | "alarm";
  tls: boolean;
}

/** The name's record in this region: the nearest healthy region answers. One stack a region, the same name. */
export class RegionalAddress extends pulumi.ComponentResource {
  readonly healthCheckId: pulumi.Output<string>;

  constructor(name: string, args: RegionalAddressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:RegionalAddress", name, {}, opts);
    const healthCheck =
      args.healthBy === "endpoint" ? checkEndpoint(name, args, this) : checkTargets(name, args, this);
    new aws.route53.Record(
      name,
      {
        zoneId: args.hostedZoneId,
        name: args.domainName,
        type: "A",
        setIdentifier: args.region,
        latencyRoutingPolicies: [{ region: args.region }],
        healthCheckId: healthCheck.id,
        aliases: [
          { name: args.loadBalancer.dnsName, zoneId: args.loadBalancer.zoneId, evaluateTargetHealth: true },
        ],
      },
      { parent: this },
    );
    this.healthCheckId = healthCheck.id;
    this.registerOutputs({ healthCheckId: this.healthCheckId });
  }
}

function checkEndpoint(
  name: string,
  args: RegionalAddressArgs,
  parent: RegionalAddress,
): aws.route53.HealthCheck {
  return new aws.route53.HealthCheck(
    name,
    {
      // Without TLS verification by design of Route 53, so the load balancer's own name will do.
      type: args.tls ? "HTTPS" : "HTTP",
      fqdn: args.loadBalancer.dnsName,
      port: args.tls ? 443 : 80,
      resourcePath: "/health",
      requestInterval: 30,
      failureThreshold: 3,
    },
    { parent },
  );
}

function checkTargets(
  name: string,
  args: RegionalAddressArgs,
  parent: RegionalAddress,
): aws.route53.HealthCheck {
  const alarm = new aws.cloudwatch.MetricAlarm(
    `${name}-reachable`,
    {
      alarmDescription: "No healthy task in this region: Route 53 answers with another region.",
      namespace: "AWS/ApplicationELB",
      metricName: "HealthyHostCount",
      dimensions: { LoadBalancer: args.loadBalancer.arnSuffix, TargetGroup: args.targetGroupArnSuffix },
      statistic: "Minimum",
      period: 60,
      evaluationPeriods: 2,
      comparisonOperator: "LessThanThreshold",
      threshold: 1,
      treatMissingData: "breaching",
    },
    { parent },
  );
  return new aws.route53.HealthCheck(
    name,
    {
      type: "CLOUDWATCH_METRIC",
      cloudwatchAlarmName: alarm.name,
      cloudwatchAlarmRegion: args.region,
      insufficientDataHealthStatus: "LastKnownStatus",
    },
    { parent },
  );
}
