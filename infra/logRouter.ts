import * as pulumi from "@pulumi/pulumi";

export interface Loki {
  url: string;
  /** Secret with `user` and `password`. */
  secretArn?: pulumi.Input<string>;
}

/** Fluent Bit, AWS's build, which ECS puts between the proxy's output and Loki. */
const image = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable";

/** FireLens side-car. It runs as root because FireLens' socket is root's; it holds no secret in its environment. */
export function logRouterContainer(logConfiguration: object) {
  return {
    name: "log-router",
    image,
    essential: true,
    user: "0",
    memoryReservation: 64,
    firelensConfiguration: { type: "fluentbit", options: { "enable-ecs-log-metadata": "true" } },
    logConfiguration,
  };
}

/**
 * Log configuration of a container whose output goes to Loki.
 * https://docs.fluentbit.io/manual/pipeline/outputs/loki
 */
export function shippedLogs(loki: Loki) {
  const url = new URL(loki.url);
  const tls = url.protocol === "https:";
  const path = url.pathname === "/" ? "/loki/api/v1/push" : url.pathname;
  return {
    logDriver: "awsfirelens",
    options: {
      Name: "loki",
      host: url.hostname,
      port: url.port || (tls ? "443" : "80"),
      uri: path,
      tls: tls ? "on" : "off",
      // Few labels: each combination of values is a stream of its own in Loki.
      labels: "job=jsonrpc-gateway",
      label_keys: "$ecs_task_family",
      line_format: "json",
      remove_keys: "container_id,container_name,ecs_task_arn",
    },
    ...(loki.secretArn && {
      secretOptions: [
        { name: "http_user", valueFrom: pulumi.interpolate`${loki.secretArn}:user::` },
        { name: "http_passwd", valueFrom: pulumi.interpolate`${loki.secretArn}:password::` },
      ],
    }),
  };
}
