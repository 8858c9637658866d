import { randomBytes } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { ApiKey, KeyRules } from "../../functions/domain/keys/apiKey";
import { keyFileOf } from "../../functions/domain/keys/keyFileOf";
import { keyHash, keyText } from "../../functions/domain/keys/keyText";
import type { Nginx } from "./nginx";

/** Keys of a test; stands in for registry and agent. */
export class TestKeys {
  readonly #keys = new Map<string, ApiKey>();

  constructor(private readonly nginx: () => Nginx) {}

  /** Makes a key and puts it in force. @returns its text */
  async add(rules: Partial<KeyRules> = {}): Promise<string> {
    const text = this.write(rules);
    await this.putInForce();
    return text;
  }

  /** Makes a key, and leaves it to nginx to find the file. */
  write(rules: Partial<KeyRules> = {}): string {
    const text = keyText(randomBytes(32));
    const id = `k${randomBytes(8).toString("hex")}`;
    const key = { name: "shop", ...rules, id, hash: keyHash(text), whenCreated: "2026-01-01T00:00:00.000Z" };
    this.#keys.set(text, key);
    this.#replaceFile();
    return text;
  }

  async revoke(text: string): Promise<void> {
    this.#keys.delete(text);
    this.#replaceFile();
    await this.putInForce();
  }

  idOf(text: string): string {
    return this.#keys.get(text)!.id;
  }

  async putInForce(): Promise<void> {
    const { status } = await this.nginx().control("/keys");
    if (status !== 200) throw new Error(`nginx does not take the keys over: ${status}`);
  }

  /** As the agent does. */
  #replaceFile(): void {
    const file = path.join(this.nginx().runDirectory, "keys.json");
    writeFileSync(`${file}.part`, JSON.stringify(keyFileOf([...this.#keys.values()])));
    renameSync(`${file}.part`, file);
  }
}
