import { environmentName, taskSettingNames } from "../../../functions/domain/settings";
import { taskPermissions } from "../../functionPermissions";
import { Autoscaling } from "../autoscaling";
import { Cluster } from "../cluster";
import type { Entrance } from "../entrance";
import type { Network } from "../network";
import { ProxyImage } from "../proxyImage";
import { ProxyService } from "../proxyService";
import type { Base } from "./base";
import type { Stores } from "./stores";

/** The proxy: image, cluster, service and how it scales. */
export function makeProxy(
  { name, config, parent }: Base,
  network: Network,
  stores: Stores,
  entrance: Entrance,
) {
  const image = new ProxyImage(
    name,
    {
      cpuArchitecture: config.cpuArchitecture,
      nginxImage: config.nginxImage,
      nodeImage: config.nodeImage,
      deleteImagesOnDestroy: !config.production,
    },
    { parent },
  );
  const cluster = new Cluster(name, { clusterArn: config.clusterArn }, { parent });
  const { service } = new ProxyService(
    `${name}-proxy`,
    {
      region: config.region,
      clusterArn: cluster.arn,
      vpcId: network.vpcId,
      subnetIds: network.privateSubnetIds,
      nodeSecurityGroupIds: config.nodeSecurityGroupIds,
      metricsSecurityGroupIds: config.metricsSecurityGroupIds,
      entrance,
      imageUri: image.imageUri,
      repositoryArn: image.repositoryArn,
      cpuArchitecture: config.cpuArchitecture,
      taskCpu: config.taskCpu,
      taskMemoryMiB: config.taskMemoryMiB,
      minTasks: config.minTasks,
      environment: {
        REGISTRY_TABLE: stores.registry.tableName,
        RELEASE_BUCKET: stores.releases.bucketName,
        GATEWAY_REGION: config.region,
        ...Object.fromEntries(
          taskSettingNames.map((setting) => [environmentName(setting), String(config.settings[setting])]),
        ),
      },
      permissions: taskPermissions(stores.subjects, config.settings),
      drainSeconds: config.settings.drainSeconds,
      logRetentionDays: config.logRetentionDays,
      loki: config.lokiUrl ? { url: config.lokiUrl, secretArn: config.lokiSecretArn } : undefined,
    },
    { parent },
  );
  new Autoscaling(
    `${name}-scaling`,
    {
      clusterName: cluster.clusterName,
      serviceName: service.name,
      minTasks: config.minTasks,
      maxTasks: config.maxTasks,
      requestsPerTargetPerMinute: config.requestsPerTargetPerMinute,
      cpuTargetPercent: config.cpuTargetPercent,
      loadBalancerArnSuffix: entrance.loadBalancerArnSuffix,
      targetGroupArnSuffix: entrance.targetGroup.arnSuffix,
    },
    { parent },
  );
  return { cluster, service };
}
export type ProxyParts = ReturnType<typeof makeProxy>;
