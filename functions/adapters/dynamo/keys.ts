import { randomBytes } from "node:crypto";
import type { ApiKey } from "../../domain/keys/apiKey";
import { keyBytes, keyHash, keyText } from "../../domain/keys/keyText";
import type { Clock } from "../../ports/clock";
import { type AddKey, type CreatedKey, KeyNotFoundError, TooManyKeysError } from "../../ports/registry";
import { type Item, type Table, withoutKeys } from "./table";

const partition = "KEY";
const keyOf = (id: string) => ({ pk: partition, sk: id });
/** Sorts before every id. */
const versionKey = keyOf("#version");
const exists = { expression: "attribute_exists(pk)" };
const isAbsent = { expression: "attribute_not_exists(pk)" };

/** What the dictionaries of a proxy hold with ease. */
const mostKeys = 10_000;

/**
 * Keys of callers, by id. Whoever changes one puts a new value into the version item, so that a proxy that asks every two seconds
 * reads one small item. `expiresAt` would be taken for the table's TTL: an expired key stays until somebody removes it.
 */
export class Keys {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {}

  async list(): Promise<ApiKey[]> {
    const items = await this.table.query(partition);
    return items.filter((item) => item.sk !== versionKey.sk).map(toKey);
  }

  /** The only place where a key's text exists on our side: it is given back, and forgotten. */
  async add({ expiresAt, ...rules }: AddKey): Promise<CreatedKey> {
    if ((await this.list()).length >= mostKeys) {
      throw new TooManyKeysError(`There are ${mostKeys} keys: remove some.`);
    }
    const text = keyText(randomBytes(keyBytes));
    const id = `k${randomBytes(8).toString("hex")}`;
    const item = {
      ...keyOf(id),
      ...rules,
      validUntil: expiresAt,
      id,
      hash: keyHash(text),
      whenCreated: this.clock.now().toISOString(),
    };
    if (!(await this.table.putIf(item, isAbsent))) throw new Error("The id of a new key is taken.");
    await this.changed();
    return { key: toKey(item), text };
  }

  async delete(id: string): Promise<void> {
    const wasThere = await this.table.deleteIf(keyOf(id), exists);
    // Also when it was not: a try before may have ended between the two writes.
    await this.changed();
    if (!wasThere) throw new KeyNotFoundError(`There is no key ${id}.`);
  }

  /** Changes with every key; undefined before the first. */
  async version(): Promise<string | undefined> {
    const version = (await this.table.get(versionKey))?.version;
    return typeof version === "string" ? version : undefined;
  }

  private async changed(): Promise<void> {
    await this.table.put({ ...versionKey, version: randomBytes(8).toString("hex") });
  }
}

function toKey(item: Item): ApiKey {
  const { validUntil, ...rest } = withoutKeys(item);
  const defined = Object.entries({ ...rest, expiresAt: validUntil }).filter(
    ([, value]) => value !== undefined,
  );
  return Object.fromEntries(defined) as unknown as ApiKey;
}
