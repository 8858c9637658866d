import { bloomOf, mayMatch, readBloom } from "./bloom";
import type { Header } from "./header";
import type { Log, LogFilter } from "./logFilter";

/** Root of a trie without entries: a block that has it has no receipts, hence no logs. */
const emptyTrieRoot = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
/** A chain whose headers contradict its logs this often has blooms that mean nothing. */
const contradictionsUntilDistrust = 3;

/** What to ask a node for, to know the logs of a block that match `filter`. */
export type LogQuery =
  | { kind: "none" }
  /** A filtered question will do. */
  | { kind: "filtered" }
  /** All logs of the block, so that the header's bloom can prove that none is missing. */
  | { kind: "whole" };

/**
 * Decides whether the logs that a node gave are all there are. A node that does not have the block may answer with an empty list
 * instead of an error, and a client would never learn of the missing logs. The header proves the answer: no log passes its bloom
 * → empty is right; logs came → the node has the block; none came though one may be there → all logs of the block are asked for, and their bloom must
 * be the header's. Chains exist whose headers carry a bloom that means nothing: the blooms count for
 * good once one was seen to be right, and no more when they contradict the logs again and again before.
 */
export class LogProof {
  #proven = false;
  #contradictions = 0;

  /** A bloom of this chain was seen to be right. */
  get proven(): boolean {
    return this.#proven;
  }

  get #bloomsCount(): boolean {
    return this.#proven || this.#contradictions < contradictionsUntilDistrust;
  }

  firstQuery(header: Header, filter: LogFilter): LogQuery {
    if (header.receiptsRoot === emptyTrieRoot) return { kind: "none" };
    if (!header.logsBloom || !this.#bloomsCount) return { kind: "filtered" };
    if (!this.#proven) return { kind: "whole" };
    return mayMatch(readBloom(header.logsBloom), filter) ? { kind: "filtered" } : { kind: "none" };
  }

  /** Is the answer complete? If not, ask for the whole block (again, of another node). */
  accepts(header: Header, filter: LogFilter, query: LogQuery, logs: Log[]): boolean {
    if (!header.logsBloom || !this.#bloomsCount) return true;
    if (query.kind !== "whole") return logs.length > 0 || !mayMatch(readBloom(header.logsBloom), filter);
    if (bloomOf(logs).equals(readBloom(header.logsBloom))) {
      this.#proven ||= logs.length > 0;
      return true;
    }
    if (this.#proven || logs.length === 0) return false;
    // Logs of this very block, so the node has it: then it is the bloom that is wrong.
    this.#contradictions++;
    return true;
  }

  /** The answer to the question for the whole block stayed empty against its bloom until time was up. */
  contradicted(): void {
    this.#contradictions++;
  }
}
