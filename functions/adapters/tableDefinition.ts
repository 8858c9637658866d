/** The registry's one table: what `CreateTable` locally and Pulumi on AWS both need to know. */
export const registryTable = {
  hashKey: "pk",
  rangeKey: "sk",
  attributes: [
    { name: "pk", type: "S" },
    { name: "sk", type: "S" },
  ],
  /** Epoch seconds after which DynamoDB deletes an item: heartbeats, states of removed nodes, old releases, history. */
  ttlAttribute: "expiresAt",
  billingMode: "PAY_PER_REQUEST",
} as const;
