import * as pulumi from "@pulumi/pulumi";
import type { Permission } from "./permissions";

/** Kinds of items in the registry, by partition; those of one region carry its name. */
export type Partition =
  | "NODE"
  | "LEADER"
  | "FACT"
  | "KEY"
  | "STATE"
  | "REFERENCE"
  | "RELEASE"
  | "TASK"
  | "CREDIT"
  | "HISTORY"
  | "EVENT";
type TableAction = "GetItem" | "BatchGetItem" | "Query" | "PutItem" | "UpdateItem" | "DeleteItem";

const shared: Partition[] = ["NODE", "LEADER", "FACT", "KEY", "CREDIT"];

export interface Registry {
  arn: pulumi.Input<string>;
  /** Region whose verdicts, releases and heartbeats these are. */
  region: string;
}

/** The given operations on the given partitions of the registry, so that a task can't touch nodes, and a probe no release. */
export function registryAccess(
  registry: Registry,
  access: Partial<Record<TableAction, Partition[]>>,
): Permission[] {
  const byPartitions = new Map<string, { actions: string[]; partitions: Partition[] }>();
  for (const [action, partitions] of Object.entries(access)) {
    const key = partitions.join();
    const group = byPartitions.get(key) ?? { actions: [], partitions };
    group.actions.push(`dynamodb:${action}`);
    byPartitions.set(key, group);
  }
  return [...byPartitions.values()].map(({ actions, partitions }) => ({
    actions,
    resources: [registry.arn],
    condition: {
      "ForAllValues:StringEquals": {
        "dynamodb:LeadingKeys": partitions.map((partition) =>
          shared.includes(partition) ? partition : `${partition}#${registry.region}`,
        ),
      },
    },
  }));
}

/** Reads the release in force. Without `ListBucket` S3 says "forbidden" where it means "not there". */
export function readCurrentRelease(bucketArn: pulumi.Input<string>): Permission[] {
  return [
    { actions: ["s3:GetObject"], resources: [pulumi.interpolate`${bucketArn}/current.json`] },
    { actions: ["s3:ListBucket"], resources: [bucketArn] },
  ];
}

/** Puts an older release in force again. */
export function restoreReleases(bucketArn: pulumi.Input<string>): Permission[] {
  return [
    ...readCurrentRelease(bucketArn),
    { actions: ["s3:GetObject"], resources: [pulumi.interpolate`${bucketArn}/releases/*`] },
    { actions: ["s3:PutObject"], resources: [pulumi.interpolate`${bucketArn}/current.json`] },
  ];
}

/** Reads and writes the release in force and those before it. */
export function writeReleases(bucketArn: pulumi.Input<string>): Permission[] {
  return [
    {
      actions: ["s3:GetObject", "s3:PutObject"],
      resources: [pulumi.interpolate`${bucketArn}/current.json`, pulumi.interpolate`${bucketArn}/releases/*`],
    },
    { actions: ["s3:ListBucket"], resources: [bucketArn] },
  ];
}
