import { AdminApi } from "../adminApi";
import { AdminFunctions } from "../adminFunctions";
import { ProviderNodes } from "../providerNodes";
import type { Base } from "./base";
import type { Control } from "./control";
import type { ProxyParts } from "./proxy";
import type { Stores } from "./stores";

/** The admin API, and the nodes that the configuration names. */
export function makeAdmin(
  { name, config, parent }: Base,
  stores: Stores,
  proxy: ProxyParts,
  { workflow }: Control,
) {
  const shared = {
    region: config.region,
    options: stores.options,
    registryTableName: stores.registry.tableName,
    subjects: stores.subjects,
    stateMachineArn: workflow.arn,
    cpuArchitecture: config.cpuArchitecture,
    logRetentionDays: config.logRetentionDays,
  };
  const seed =
    config.nodes && new ProviderNodes(`${name}-nodes`, { ...shared, nodes: config.nodes }, { parent }).seed;
  const functions = new AdminFunctions(
    `${name}-admin`,
    {
      ...shared,
      clusterArn: proxy.cluster.arn,
      serviceName: proxy.service.name,
      serviceArn: proxy.service.id,
      apiKey: config.adminAuth === "apiKey" ? config.adminApiKey : undefined,
    },
    { parent },
  );
  const api = new AdminApi(
    `${name}-admin`,
    {
      admin: functions.admin,
      authorizer: functions.authorizer,
      logRetentionDays: config.logRetentionDays,
    },
    { parent },
  );
  return { functions, seed, api };
}
export type Admin = ReturnType<typeof makeAdmin>;
