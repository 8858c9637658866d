import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface AutoscalingArgs {
  clusterName: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  minTasks: number;
  maxTasks: number;
  requestsPerTargetPerMinute: number;
  cpuTargetPercent: number;
  loadBalancerArnSuffix: pulumi.Input<string>;
  targetGroupArnSuffix: pulumi.Input<string>;
}

/** Quick to grow, slow to shrink: a task too many costs cents, one too few costs requests. */
export const scaleOutCooldownSeconds = 30;
export const scaleInCooldownSeconds = 300;

/** Number of tasks by requests per task and by CPU, whichever asks for more. */
export class Autoscaling extends pulumi.ComponentResource {
  constructor(name: string, args: AutoscalingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Autoscaling", name, {}, opts);
    const target = new aws.appautoscaling.Target(
      name,
      {
        serviceNamespace: "ecs",
        scalableDimension: "ecs:service:DesiredCount",
        resourceId: pulumi.interpolate`service/${args.clusterName}/${args.serviceName}`,
        minCapacity: args.minTasks,
        maxCapacity: args.maxTasks,
      },
      { parent: this },
    );
    follow(`${name}-requests`, target, args.requestsPerTargetPerMinute, this, {
      predefinedMetricType: "ALBRequestCountPerTarget",
      resourceLabel: pulumi.interpolate`${args.loadBalancerArnSuffix}/${args.targetGroupArnSuffix}`,
    });
    follow(`${name}-cpu`, target, args.cpuTargetPercent, this, {
      predefinedMetricType: "ECSServiceAverageCPUUtilization",
    });
    this.registerOutputs();
  }
}

function follow(
  name: string,
  target: aws.appautoscaling.Target,
  targetValue: number,
  parent: Autoscaling,
  metric: { predefinedMetricType: string; resourceLabel?: pulumi.Input<string> },
): void {
  new aws.appautoscaling.Policy(
    name,
    {
      policyType: "TargetTrackingScaling",
      serviceNamespace: target.serviceNamespace,
      scalableDimension: target.scalableDimension,
      resourceId: target.resourceId,
      targetTrackingScalingPolicyConfiguration: {
        targetValue,
        predefinedMetricSpecification: metric,
        scaleOutCooldown: scaleOutCooldownSeconds,
        scaleInCooldown: scaleInCooldownSeconds,
      },
    },
    { parent },
  );
}
