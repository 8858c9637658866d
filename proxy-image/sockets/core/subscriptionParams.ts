import type { LogFilter } from "./logFilter";

/** What a client subscribes to; `key` is equal for equal wishes, however they are written. */
export type Wish =
  | { type: "newHeads"; key: string }
  | { type: "logs"; key: string; filter: LogFilter }
  | { type: "newPendingTransactions"; key: string; full: boolean }
  | { type: "syncing"; key: string };

export const subscriptionTypes: readonly Wish["type"][] = [
  "newHeads",
  "logs",
  "newPendingTransactions",
  "syncing",
];

/** The params of a subscription can't be met. */
export class ParamsError extends Error {
  override readonly name = "ParamsError";
  constructor(
    readonly code: -32601 | -32602,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads the params of `eth_subscribe`.
 * @throws ParamsError what geth would call method not found (unknown type) or invalid params
 */
export function readWish(params: readonly unknown[]): Wish {
  const [type, argument] = params;
  if (typeof type !== "string") throw new ParamsError(-32602, "the type of the subscription is missing");
  switch (type) {
    case "newHeads":
    case "syncing":
      return { type, key: type };
    case "newPendingTransactions": {
      if (argument !== undefined && argument !== null && typeof argument !== "boolean") {
        throw new ParamsError(-32602, "newPendingTransactions takes true (whole transactions) or false");
      }
      const full = argument === true;
      return { type, full, key: full ? `${type} full` : type };
    }
    case "logs": {
      const filter = readFilter(argument);
      return { type, filter, key: `${type} ${JSON.stringify([filter.addresses, filter.topics])}` };
    }
    default:
      throw new ParamsError(-32601, "no such subscription in the eth namespace");
  }
}

const address = /^0x[0-9a-fA-F]{40}$/;
const topic = /^0x[0-9a-fA-F]{64}$/;
/** The EVM knows LOG0 to LOG4. */
const mostTopics = 4;

function readFilter(argument: unknown): LogFilter {
  if (argument === undefined || argument === null) return { addresses: [], topics: [] };
  if (typeof argument !== "object" || Array.isArray(argument)) {
    throw new ParamsError(-32602, "the filter of a logs subscription is an object");
  }
  const given = argument as Record<string, unknown>;
  if (given.blockHash !== undefined && given.blockHash !== null) {
    throw new ParamsError(-32602, "a logs subscription has no blockHash");
  }
  const topics = given.topics ?? [];
  if (!Array.isArray(topics) || topics.length > mostTopics) {
    throw new ParamsError(-32602, `topics is a list of at most ${mostTopics}`);
  }
  return {
    addresses: readSet(given.address, address, "address"),
    // geth: null anywhere in a position opens it for anything; trailing open positions still ask for that many topics.
    topics: topics.map((position: unknown) =>
      Array.isArray(position) && position.includes(null) ? [] : readSet(position, topic, "topic"),
    ),
  };
}

function readSet(value: unknown, form: RegExp, what: string): string[] {
  if (value === undefined || value === null) return [];
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const read = values.map((one) => {
    if (typeof one !== "string" || !form.test(one)) throw new ParamsError(-32602, `invalid ${what}`);
    return one.toLowerCase();
  });
  return [...new Set(read)].sort();
}
