import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface ClusterArgs {
  /** A cluster that is there. Not given: one is made. */
  clusterArn?: pulumi.Input<string>;
}

/** ECS cluster of the service. Container Insights stay off: what they cost more than they tell, our own metrics tell. */
export class Cluster extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  readonly clusterName: pulumi.Output<string>;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Cluster", name, {}, opts);
    this.arn = args.clusterArn ? pulumi.output(args.clusterArn) : makeCluster(name, this).arn;
    this.clusterName = this.arn.apply(nameOfCluster);
    this.registerOutputs({ arn: this.arn, clusterName: this.clusterName });
  }
}

function makeCluster(name: string, parent: Cluster): aws.ecs.Cluster {
  return new aws.ecs.Cluster(
    name,
    { settings: [{ name: "containerInsights", value: "disabled" }] },
    { parent },
  );
}

/** `arn:aws:ecs:eu-west-1:123456789012:cluster/main` → `main` */
function nameOfCluster(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
