import type { KeyFile } from "../../functions/domain/keys/keyFile";
import { followFile } from "./followFile";

const lookEveryMs = 500;

/** Which keys are in force, from the file that nginx has them from too. nginx lets nobody in without one; this tells when one ends. */
export class LiveKeys {
  /** Instants in ms at which keys expire, by id; undefined while nothing is known of keys. */
  #expiry: Map<string, number> | undefined;
  #unfollow: (() => void) | undefined;
  /** When nginx last found keys that are not in what was read: it may have read the file a moment before. */
  readonly #found = new Map<string, number>();

  constructor(private readonly path: string) {}

  get areRequired(): boolean {
    return this.#unfollow !== undefined;
  }

  /** Says whether sockets need a key; the file is followed as long as they do. */
  require(areRequired: boolean): void {
    if (areRequired === this.areRequired) return;
    this.#unfollow?.();
    this.#unfollow = areRequired ? followFile(this.path, lookEveryMs, (text) => this.#read(text)) : undefined;
    this.#expiry = undefined;
  }

  /** nginx has let somebody in with this key. */
  found(id: string | undefined, nowMs = Date.now()): void {
    if (this.areRequired && id !== undefined && !this.#expiry?.has(id)) this.#found.set(id, nowMs);
  }

  isAlive(id: string | undefined, nowMs = Date.now()): boolean {
    if (!this.areRequired) return true;
    if (id === undefined) return false;
    const expiry = this.#expiry?.get(id);
    if (expiry !== undefined) return expiry > nowMs;
    return this.#expiry === undefined || nowMs - (this.#found.get(id) ?? 0) < 2 * lookEveryMs;
  }

  #read(text: string): void {
    const { format, keys } = JSON.parse(text) as KeyFile;
    if (format !== 1) throw new Error("keys.json has another format");
    this.#found.clear();
    this.#expiry = new Map(keys.map(({ id, expiresAtMs }) => [id, expiresAtMs ?? Number.POSITIVE_INFINITY]));
  }
}
