import type { Subjects } from "../../functionPermissions";
import type { FunctionOptions } from "../../functions/options";
import { withTrustedProxies } from "../../trustedProxies";
import { PrivateBucket } from "../privateBucket";
import { RegistryTable } from "../registryTable";
import type { Base } from "./base";

/** Old versions of a release are for looking back; registry and `releases/` hold what a rollback needs. */
const oldReleaseDays = 30;

/** Registry and releases, and what may be done with them. */
export function makeStores({ name, config, parent }: Base) {
  const registry = new RegistryTable(
    `${name}-registry`,
    {
      existingTableName: config.registryTableName,
      replicaRegions: config.replicaRegions,
      deletionProtection: config.production,
    },
    { parent },
  );
  const releases = new PrivateBucket(
    `${name}-releases`,
    { versioned: true, oldVersionDays: oldReleaseDays, emptyOnDestroy: !config.production },
    { parent },
  );
  const subjects: Subjects = {
    registry: { arn: registry.arn, region: config.region },
    releaseBucketArn: releases.arn,
  };
  const options = withTrustedProxies(config.settings, config.vpcId, config.edge, parent).apply(
    (settings): FunctionOptions => ({ stack: config.stack, settings, networks: config.networks }),
  );
  return { registry, releases, subjects, options };
}
export type Stores = ReturnType<typeof makeStores>;
