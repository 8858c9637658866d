import { writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { Replica } from "./replica";

interface DumpedState {
  blocks: { header: { number: string } }[];
  transactions: { info: { transaction_hash: string }; block_number: number }[];
}

/** Blocks that survive in a replica which is started from another one's state. */
const blocksKept = 256;

/**
 * Writes a replica's state to a file that anvil starts from, without the blocks of long ago: so a chain can run for
 * weeks, and a replica that comes back need not replay it.
 */
export async function saveTrimmedState(replica: Replica, file: string): Promise<void> {
  const dump = await replica.call<string>("anvil_dumpState");
  const state = JSON.parse(gunzipSync(Buffer.from(dump.slice(2), "hex")).toString()) as DumpedState;
  const numbers = state.blocks.map((block) => Number(block.header.number));
  const oldest = Math.max(...numbers) - blocksKept + 1;
  state.blocks = state.blocks.filter((_, index) => numbers[index]! >= oldest);
  state.transactions = state.transactions.filter((transaction) => transaction.block_number >= oldest);
  await writeFile(file, JSON.stringify(state));
}
