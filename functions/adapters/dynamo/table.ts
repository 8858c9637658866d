import { ConditionalCheckFailedException, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { chunks } from "../concurrently";

export interface Key {
  pk: string;
  sk: string;
}
export type Item = Record<string, unknown>;

/** A condition under which a write takes place. */
export interface Condition {
  expression: string;
  names?: Record<string, string>;
  values?: Record<string, unknown>;
}

/** `BatchGetItem` takes this many keys. */
const batchGetLimit = 100;

/** The registry's table with the operations we need: all reads consistent, all pages read, all batches complete. */
export class Table {
  private readonly client: DynamoDBDocumentClient;

  constructor(
    client: DynamoDBClient,
    private readonly name: string,
  ) {
    this.client = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  }

  async get(key: Key): Promise<Item | undefined> {
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.name, Key: key, ConsistentRead: true }),
    );
    return Item;
  }

  /** Items of a partition, by rising sort key unless `newestFirst`. */
  async query(
    pk: string,
    options: { newestFirst?: boolean; limit?: number; between?: [string, string] } = {},
  ): Promise<Item[]> {
    const range = options.between ? { ":from": options.between[0], ":to": options.between[1] } : {};
    const input: QueryCommandInput = {
      TableName: this.name,
      KeyConditionExpression: options.between ? "pk = :pk AND sk BETWEEN :from AND :to" : "pk = :pk",
      ExpressionAttributeValues: { ":pk": pk, ...range },
      ConsistentRead: true,
      ScanIndexForward: !options.newestFirst,
      Limit: options.limit,
    };
    const items: Item[] = [];
    for (;;) {
      const page = await this.client.send(new QueryCommand(input));
      items.push(...(page.Items ?? []));
      if (!page.LastEvaluatedKey || (options.limit && items.length >= options.limit)) return items;
      input.ExclusiveStartKey = page.LastEvaluatedKey;
    }
  }

  /** Those of the keys that exist, in no particular order. */
  async getMany(keys: Key[]): Promise<Item[]> {
    const items: Item[] = [];
    for (const batch of chunks(keys, batchGetLimit)) {
      let wanted: Item[] = batch.map((key) => ({ ...key }));
      for (let attempt = 0; wanted.length > 0; attempt++) {
        if (attempt > 0) await pause(Math.min(50 * 2 ** attempt, 1000));
        const page = await this.client.send(
          new BatchGetCommand({ RequestItems: { [this.name]: { Keys: wanted, ConsistentRead: true } } }),
        );
        items.push(...(page.Responses?.[this.name] ?? []));
        wanted = page.UnprocessedKeys?.[this.name]?.Keys ?? [];
      }
    }
    return items;
  }

  async put(item: Key & Item): Promise<void> {
    await this.client.send(new PutCommand({ TableName: this.name, Item: item }));
  }

  /** @returns false when the condition does not hold */
  async putIf(item: Key & Item, condition: Condition): Promise<boolean> {
    return held(
      this.client.send(new PutCommand({ TableName: this.name, Item: item, ...conditionInput(condition) })),
    );
  }

  /** Sets the given attributes and removes those that are null. @returns the whole item, undefined when the condition fails */
  async updateIf(key: Key, changes: Item, condition: Condition): Promise<Item | undefined> {
    const names: Record<string, string> = { ...condition.names };
    const values: Item = { ...condition.values };
    const sets: string[] = [];
    const removes: string[] = [];
    for (const [index, [name, value]] of Object.entries(changes).entries()) {
      if (value === undefined) continue;
      names[`#c${index}`] = name;
      if (value === null) removes.push(`#c${index}`);
      else {
        values[`:c${index}`] = value;
        sets.push(`#c${index} = :c${index}`);
      }
    }
    if (sets.length + removes.length === 0) return this.get(key);
    const expression = [
      sets.length > 0 ? `SET ${sets.join(", ")}` : "",
      removes.length > 0 ? `REMOVE ${removes.join(", ")}` : "",
    ];
    try {
      const { Attributes } = await this.client.send(
        new UpdateCommand({
          TableName: this.name,
          Key: key,
          UpdateExpression: expression.join(" ").trim(),
          ReturnValues: "ALL_NEW",
          ...conditionInput({ expression: condition.expression, names, values }),
        }),
      );
      return Attributes;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  /** @returns false when the condition does not hold */
  async deleteIf(key: Key, condition: Condition): Promise<boolean> {
    return held(
      this.client.send(new DeleteCommand({ TableName: this.name, Key: key, ...conditionInput(condition) })),
    );
  }

  async delete(key: Key): Promise<void> {
    await this.client.send(new DeleteCommand({ TableName: this.name, Key: key }));
  }
}

/** DynamoDB refuses empty maps of names and values. */
function conditionInput({ expression, names = {}, values = {} }: Condition) {
  return {
    ConditionExpression: expression,
    ExpressionAttributeNames: Object.keys(names).length > 0 ? names : undefined,
    ExpressionAttributeValues: Object.keys(values).length > 0 ? values : undefined,
  };
}

async function held(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An item without its keys and TTL. */
export function withoutKeys(item: Item): Item {
  const { pk: _pk, sk: _sk, expiresAt: _expiresAt, ...rest } = item;
  return rest;
}
