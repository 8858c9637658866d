import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { shortName } from "../shortName";
import { PrivateBucket } from "./privateBucket";

/** A listener that is there, and what a rule on it needs. */
interface GivenListener {
  listenerArn: pulumi.Input<string>;
  hostName: string;
  rulePriority: number;
  securityGroupId: pulumi.Input<string>;
}

export interface EntranceArgs {
  vpcId: pulumi.Input<string>;
  /** Port of the tasks. */
  targetPort: number;
  /** A target that is taken out keeps its calls this long. */
  drainSeconds: number;
  /** Re-use this listener. Not given: a load balancer is made in `publicSubnetIds`. */
  listener?: GivenListener;
  publicSubnetIds: pulumi.Input<string[]>;
  /** HTTPS with this certificate, HTTP only redirects. Not given: HTTP. */
  certificateArn?: pulumi.Input<string>;
  /** Who may connect: everybody, or CloudFront only. */
  openTo: "internet" | "cloudfront";
  accessLogs: boolean;
  /** Guards the load balancer and its logs against `pulumi destroy`. */
  production: boolean;
}

/**
 * Longer than the pauses between a WebSocket's pings, shorter than nginx keeps an idle connection (75 s): whoever closes
 * last never sends a call into a closed connection, which a client would see as 502.
 */
export const idleTimeoutSeconds = 70;

/** The application load balancer in front of the tasks: made, or a rule on a listener that is there. */
export class Entrance extends pulumi.ComponentResource {
  readonly targetGroup: aws.lb.TargetGroup;
  /** What the service must wait for: ECS refuses a target group that no listener uses. */
  readonly attached: pulumi.Resource;
  readonly securityGroupId: pulumi.Output<string>;
  readonly loadBalancerArn: pulumi.Output<string>;
  readonly loadBalancerArnSuffix: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string>;
  readonly zoneId: pulumi.Output<string>;

  constructor(name: string, args: EntranceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Entrance", name, {}, opts);
    this.targetGroup = makeTargetGroup(name, args, this);
    const made = args.listener
      ? joinListener(name, args.listener, this.targetGroup, this)
      : makeLoadBalancer(name, args, this.targetGroup, this);
    this.attached = made.attached;
    this.securityGroupId = pulumi.output(made.securityGroupId);
    this.loadBalancerArn = made.loadBalancer.arn;
    this.loadBalancerArnSuffix = made.loadBalancer.arnSuffix;
    this.dnsName = made.loadBalancer.dnsName;
    this.zoneId = made.loadBalancer.zoneId;
    this.registerOutputs({
      targetGroupArn: this.targetGroup.arn,
      securityGroupId: this.securityGroupId,
      dnsName: this.dnsName,
    });
  }
}

interface Front {
  attached: pulumi.Resource;
  securityGroupId: pulumi.Input<string>;
  loadBalancer: {
    arn: pulumi.Output<string>;
    arnSuffix: pulumi.Output<string>;
    dnsName: pulumi.Output<string>;
    zoneId: pulumi.Output<string>;
  };
}

function makeTargetGroup(name: string, args: EntranceArgs, parent: Entrance): aws.lb.TargetGroup {
  return new aws.lb.TargetGroup(
    shortName(name),
    {
      vpcId: args.vpcId,
      port: args.targetPort,
      protocol: "HTTP",
      targetType: "ip",
      deregistrationDelay: args.drainSeconds,
      loadBalancingAlgorithmType: "least_outstanding_requests",
      healthCheck: {
        path: "/health",
        matcher: "200",
        interval: 10,
        timeout: 5,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
      },
    },
    { parent },
  );
}

function joinListener(
  name: string,
  given: GivenListener,
  targetGroup: aws.lb.TargetGroup,
  parent: Entrance,
): Front {
  const rule = new aws.lb.ListenerRule(
    name,
    {
      listenerArn: given.listenerArn,
      priority: given.rulePriority,
      conditions: [{ hostHeader: { values: [given.hostName] } }],
      actions: [{ type: "forward", targetGroupArn: targetGroup.arn }],
    },
    { parent },
  );
  const listener = aws.lb.getListenerOutput({ arn: given.listenerArn }, { parent });
  const loadBalancer = aws.lb.getLoadBalancerOutput({ arn: listener.loadBalancerArn }, { parent });
  return { attached: rule, securityGroupId: given.securityGroupId, loadBalancer };
}

function makeLoadBalancer(
  name: string,
  args: EntranceArgs,
  targetGroup: aws.lb.TargetGroup,
  parent: Entrance,
): Front {
  const securityGroup = makeSecurityGroup(name, args, parent);
  const logs = args.accessLogs ? makeLogBucket(name, args, parent) : undefined;
  const loadBalancer = new aws.lb.LoadBalancer(
    shortName(name),
    {
      loadBalancerType: "application",
      subnets: args.publicSubnetIds,
      securityGroups: [securityGroup.id],
      idleTimeout: idleTimeoutSeconds,
      dropInvalidHeaderFields: true,
      enableDeletionProtection: args.production,
      ...(logs && { accessLogs: { bucket: logs.bucketName, enabled: true } }),
    },
    { parent, dependsOn: logs ? [logs.policy] : [] },
  );
  const attached = args.certificateArn
    ? listenHttps(name, args.certificateArn, loadBalancer, targetGroup, parent)
    : listenHttp(name, loadBalancer, targetGroup, parent);
  return { attached, securityGroupId: securityGroup.id, loadBalancer };
}

function listenHttp(
  name: string,
  loadBalancer: aws.lb.LoadBalancer,
  targetGroup: aws.lb.TargetGroup,
  parent: Entrance,
): aws.lb.Listener {
  return new aws.lb.Listener(
    `${name}-http`,
    {
      loadBalancerArn: loadBalancer.arn,
      port: 80,
      protocol: "HTTP",
      defaultActions: [{ type: "forward", targetGroupArn: targetGroup.arn }],
    },
    { parent },
  );
}

function listenHttps(
  name: string,
  certificateArn: pulumi.Input<string>,
  loadBalancer: aws.lb.LoadBalancer,
  targetGroup: aws.lb.TargetGroup,
  parent: Entrance,
): aws.lb.Listener {
  new aws.lb.Listener(
    `${name}-http`,
    {
      loadBalancerArn: loadBalancer.arn,
      port: 80,
      protocol: "HTTP",
      // 308 would keep the method, but a load balancer offers 301 and 302 only.
      defaultActions: [
        { type: "redirect", redirect: { port: "443", protocol: "HTTPS", statusCode: "HTTP_301" } },
      ],
    },
    { parent },
  );
  return new aws.lb.Listener(
    `${name}-https`,
    {
      loadBalancerArn: loadBalancer.arn,
      port: 443,
      protocol: "HTTPS",
      certificateArn,
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      defaultActions: [{ type: "forward", targetGroupArn: targetGroup.arn }],
    },
    { parent },
  );
}

function makeSecurityGroup(name: string, args: EntranceArgs, parent: Entrance): aws.ec2.SecurityGroup {
  const group = new aws.ec2.SecurityGroup(
    `${name}-entrance`,
    { vpcId: args.vpcId, description: "Clients to the load balancer" },
    { parent },
  );
  const ports = args.certificateArn ? [80, 443] : [80];
  const from =
    args.openTo === "internet"
      ? { cidrIpv4: "0.0.0.0/0" }
      : { prefixListId: cloudFrontPrefixList(parent).apply((list) => list.id) };
  for (const port of ports) {
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-entrance-${port}`,
      { securityGroupId: group.id, ipProtocol: "tcp", fromPort: port, toPort: port, ...from },
      { parent },
    );
  }
  return group;
}

/** Addresses that CloudFront connects from. */
export function cloudFrontPrefixList(parent?: pulumi.Resource) {
  return aws.ec2.getManagedPrefixListOutput(
    { name: "com.amazonaws.global.cloudfront.origin-facing" },
    { parent },
  );
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html */
function makeLogBucket(name: string, args: EntranceArgs, parent: Entrance): PrivateBucket {
  return new PrivateBucket(
    `${name}-access-logs`,
    {
      versioned: false,
      objectDays: 90,
      emptyOnDestroy: !args.production,
      allow: (bucketArn) => [
        {
          Effect: "Allow",
          Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
          Action: "s3:PutObject",
          Resource: pulumi.interpolate`${bucketArn}/AWSLogs/*`,
        },
      ],
    },
    { parent },
  );
}
