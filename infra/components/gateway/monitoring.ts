import type { Entrance } from "../entrance";
import { Monitoring } from "../monitoring";
import type { Admin } from "./admin";
import type { Base } from "./base";
import type { Control } from "./control";
import type { ProxyParts } from "./proxy";

/** Alarms and dashboard. */
export function makeMonitoring(
  { name, config, parent }: Base,
  entrance: Entrance,
  proxy: ProxyParts,
  control: Control,
  { functions, seed }: Admin,
): Monitoring {
  const watched = {
    ...control.functions,
    admin: functions.admin,
    ...(functions.authorizer && { authorizer: functions.authorizer }),
    ...(seed && { seedNodes: seed }),
  };
  return new Monitoring(
    name,
    {
      stack: config.stack,
      region: config.region,
      networks: config.networks.map((network) => ({
        name: network.name,
        maxLagBlocks: network.maxLagBlocks ?? config.settings.maxLagBlocks,
      })),
      healthCheckIntervalSeconds: config.settings.healthCheckIntervalSeconds,
      minHealthyNodes: config.minHealthyNodes,
      errorRatePercent: config.errorRatePercent,
      stateMachineArn: control.workflow.arn,
      functionNames: Object.fromEntries(
        Object.entries(watched).map(([use, { functionName }]) => [use, functionName]),
      ),
      loadBalancerArnSuffix: entrance.loadBalancerArnSuffix,
      targetGroupArnSuffix: entrance.targetGroup.arnSuffix,
      clusterName: proxy.cluster.clusterName,
      serviceName: proxy.service.name,
      topicArn: config.alarmTopicArn,
      email: config.alarmEmail,
    },
    { parent },
  );
}
