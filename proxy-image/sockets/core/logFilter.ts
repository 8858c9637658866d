/** A log as a node gives it; more members than these pass through. */
export interface Log {
  address: string;
  topics: string[];
  blockHash: string;
  logIndex: string;
  [member: string]: unknown;
}

/** Which logs a subscription wants, in canonical form: lower case, sorted, without repeats. */
export interface LogFilter {
  /** Empty: any address. */
  addresses: string[];
  /** One set for each position; an empty one takes anything, but the log must have that many topics. */
  topics: string[][];
}

/** Does the log match? As geth does it: a filter with more positions than the log has topics never matches. */
export function matches(filter: LogFilter, log: Log): boolean {
  if (filter.addresses.length > 0 && !filter.addresses.includes(log.address.toLowerCase())) return false;
  if (filter.topics.length > log.topics.length) return false;
  return filter.topics.every(
    (wanted, position) => wanted.length === 0 || wanted.includes(log.topics[position]!.toLowerCase()),
  );
}

/** Above this many a union asks for anything instead: nodes limit how long such lists may be. */
const mostInUnion = 50;

/** One filter that matches whatever any of these matches, so that one question a block serves all subscriptions. */
export function union(filters: LogFilter[]): LogFilter {
  const addresses = unionOf(filters.map((filter) => filter.addresses));
  const first = unionOf(filters.map((filter) => filter.topics[0] ?? []));
  return { addresses, topics: first.length > 0 ? [first] : [] };
}

function unionOf(sets: string[][]): string[] {
  if (sets.some((set) => set.length === 0)) return [];
  const all = new Set(sets.flat());
  return all.size > mostInUnion ? [] : [...all].sort();
}

const hash32 = /^0x[0-9a-fA-F]{64}$/;

/** Reads the answer to `eth_getLogs` for one block; undefined when it is not a list of logs of that block. */
export function readLogs(value: unknown, blockHash: string): Log[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const fine = value.every(
    (log: unknown) =>
      typeof log === "object" &&
      log !== null &&
      "address" in log &&
      typeof log.address === "string" &&
      "topics" in log &&
      Array.isArray(log.topics) &&
      log.topics.every((topic: unknown) => typeof topic === "string" && hash32.test(topic)) &&
      "blockHash" in log &&
      typeof log.blockHash === "string" &&
      log.blockHash.toLowerCase() === blockHash &&
      "logIndex" in log &&
      typeof log.logIndex === "string",
  );
  if (!fine) return undefined;
  return (value as Log[]).sort((a, b) => Number(a.logIndex) - Number(b.logIndex));
}
