import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { registryTable } from "../../functions/adapters/tableDefinition";

export interface RegistryTableArgs {
  /** A further region: the table that the first region replicates to this one. */
  existingTableName?: pulumi.Input<string>;
  /** First region: regions that get a replica. */
  replicaRegions: string[];
  deletionProtection: boolean;
}

/** Who is there and how they are: one table, keys `pk` and `sk`, items with `expiresAt` go by themselves. */
export class RegistryTable extends pulumi.ComponentResource {
  readonly tableName: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: RegistryTableArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:RegistryTable", name, {}, opts);
    const table = args.existingTableName
      ? aws.dynamodb.getTableOutput({ name: args.existingTableName }, { parent: this })
      : makeTable(name, args, this);
    this.tableName = pulumi.output(table.name);
    this.arn = pulumi.output(table.arn);
    this.registerOutputs({ tableName: this.tableName, arn: this.arn });
  }
}

function makeTable(name: string, args: RegistryTableArgs, parent: RegistryTable): aws.dynamodb.Table {
  const replicated = args.replicaRegions.length > 0;
  return new aws.dynamodb.Table(
    name,
    {
      billingMode: registryTable.billingMode,
      hashKey: registryTable.hashKey,
      rangeKey: registryTable.rangeKey,
      attributes: [...registryTable.attributes],
      ttl: { attributeName: registryTable.ttlAttribute, enabled: true },
      serverSideEncryption: { enabled: true },
      pointInTimeRecovery: { enabled: true },
      deletionProtectionEnabled: args.deletionProtection,
      // Global tables replicate through the table's stream.
      ...(replicated && { streamEnabled: true, streamViewType: "NEW_AND_OLD_IMAGES" }),
      replicas: args.replicaRegions.map((regionName) => ({
        regionName,
        pointInTimeRecovery: true,
        propagateTags: true,
        deletionProtectionEnabled: args.deletionProtection,
      })),
    },
    { parent, protect: args.deletionProtection },
  );
}
