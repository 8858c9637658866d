/** What a replica must be told to come to the same block, hash included. */
export interface BlockRecord {
  number: number;
  timestamp: number;
  hash: string;
  /** Hex quantity. anvil computes it itself but for a block that follows a rollback. */
  baseFeePerGas: string;
  /** Signed transactions in the order in which they are in the block. */
  transactions: string[];
}

/** The newest blocks of a chain, oldest dropped. */
export class BlockLog {
  readonly #records: BlockRecord[] = [];

  constructor(readonly capacity: number) {}

  push(record: BlockRecord): void {
    this.#records.push(record);
    if (this.#records.length > this.capacity) this.#records.shift();
  }

  get head(): BlockRecord | undefined {
    return this.#records.at(-1);
  }

  find(number: number): BlockRecord | undefined {
    const first = this.#records[0];
    return first && this.#records[number - first.number];
  }
}
