import * as pulumi from "@pulumi/pulumi";
import { workflowDefinition } from "../../../functions/workflow/definition";
import { startOffsetsSeconds } from "../../startOffsets";
import { ControlPlane } from "../controlPlane";
import { HealthCheckWorkflow } from "../healthCheckWorkflow";
import type { Network } from "../network";
import { Schedule } from "../schedule";
import type { Base } from "./base";
import type { ProxyParts } from "./proxy";
import type { Stores } from "./stores";

/** The health check: functions, workflow, schedule. */
export function makeControl(
  { name, config, parent }: Base,
  network: Network,
  stores: Stores,
  proxy: ProxyParts,
) {
  const { functions } = new ControlPlane(
    name,
    {
      region: config.region,
      options: stores.options,
      registryTableName: stores.registry.tableName,
      releaseBucket: stores.releases,
      subjects: stores.subjects,
      clusterArn: proxy.cluster.arn,
      serviceName: proxy.service.name,
      serviceArn: proxy.service.id,
      cpuArchitecture: config.cpuArchitecture,
      logRetentionDays: config.logRetentionDays,
      // Elsewhere a function in the VPC would only pay the NAT gateway.
      probeVpc:
        config.nodeSecurityGroupIds.length > 0
          ? { subnetIds: network.privateSubnetIds, securityGroupIds: config.nodeSecurityGroupIds }
          : undefined,
    },
    { parent },
  );
  const handlers = Object.values(functions);
  const definition = pulumi
    .all(Object.fromEntries(Object.entries(functions).map(([handler, made]) => [handler, made.arn])))
    .apply((arns) =>
      JSON.stringify(
        workflowDefinition({
          resourceOf: (handler) => arns[handler]!,
          startOffsetsSeconds: startOffsetsSeconds(config.settings.healthCheckIntervalSeconds),
        }),
      ),
    );
  const workflow = new HealthCheckWorkflow(
    name,
    {
      definition,
      functionArns: handlers.map((handler) => handler.arn),
      logRetentionDays: config.logRetentionDays,
    },
    { parent },
  );
  new Schedule(
    name,
    {
      stateMachineArn: workflow.arn,
      intervalSeconds: config.settings.healthCheckIntervalSeconds,
      input: { mode: "healthCheck" },
    },
    { parent },
  );
  return { functions, workflow };
}
export type Control = ReturnType<typeof makeControl>;
