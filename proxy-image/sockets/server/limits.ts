/** Bounds of the gateway process; see the settings of the same names. */
export interface SocketLimits {
  maxSocketsPerTask: number;
  /** For each key, or address where there is none. */
  maxSocketsPerClient: number;
  maxSubscriptionsPerSocket: number;
  maxFrameBytes: number;
  /** A reader with more than this waiting is cut off. */
  maxSocketQueueBytes: number;
  socketPingSeconds: number;
}

/** Calls of one socket under way at once; more wait in the client's own connection, which is not read meanwhile. */
export const maxCallsPerSocket = 64;

/** Bytes that wait for slow readers in the whole task: above it those with the most are cut off, whatever their own limit. */
export const maxQueueBytesPerTask = 512 * 1024 * 1024;

/** How many sockets each client has: clients by key or address. */
export class ClientCounter {
  readonly #counts = new Map<string, number>();

  constructor(readonly most: number) {}

  /** False when the client has all it may have. */
  add(client: string): boolean {
    const count = this.#counts.get(client) ?? 0;
    if (count >= this.most) return false;
    this.#counts.set(client, count + 1);
    return true;
  }

  remove(client: string): void {
    const count = (this.#counts.get(client) ?? 0) - 1;
    if (count > 0) this.#counts.set(client, count);
    else this.#counts.delete(client);
  }
}
