import type { CreditCount, CreditCounts } from "../domain/credits";
import type { GatewayEvent, HistoryMinute, HistoryState } from "../domain/history/types";
import type { ApiKey, KeyRules } from "../domain/keys/apiKey";
import type { RegisteredNode } from "../domain/node";
import type { ReleasePin, ReleaseRecord } from "../domain/release";
import type { TaskHeartbeat } from "../domain/task";
import type { NodeState, ReferenceHeight } from "../domain/verdict";

/** Changes that `updateNode` takes; an absent field stays as it is, `null` removes it. */
export interface NodePatch {
  weight?: number;
  drained?: boolean;
  isLeader?: boolean;
  name?: string | null;
  /** Only from the operator's list: the admin API takes a node's secrets when it is added, not later. */
  headers?: Record<string, string> | null;
  wsUrl?: string | null;
  maxRequestsPerSecond?: number | null;
  maxConcurrency?: number | null;
  monthlyCredits?: number | null;
}

/** `url` is normalised (`parseNodeUrl`): the same URL can be in a network once. */
export type AddNode = Omit<RegisteredNode, "id" | "whenAdded">;

/** Raised when a node with the same network and URL is registered already. */
export class NodeExistsError extends Error {
  override readonly name = "NodeExistsError";
}
/** Raised when the network has another leader. */
export class LeaderExistsError extends Error {
  override readonly name = "LeaderExistsError";
}
/** Raised when a node is not (or no longer) registered. */
export class NodeNotFoundError extends Error {
  override readonly name = "NodeNotFoundError";
}

export type AddKey = KeyRules;

/** A key just made. `text` is what its holder gets; it can't be had again. */
export interface CreatedKey {
  key: ApiKey;
  text: string;
}

/** Raised when a key is not (or no longer) there. */
export class KeyNotFoundError extends Error {
  override readonly name = "KeyNotFoundError";
}
/** Raised when there are as many keys as there may be. */
export class TooManyKeysError extends Error {
  override readonly name = "TooManyKeysError";
}

/** Who is there and how they are. One implementation (DynamoDB); emulated locally. */
export interface Registry {
  listNodes(): Promise<RegisteredNode[]>;
  /** Those of the ids that are registered, in no particular order. */
  getNodes(ids: string[]): Promise<RegisteredNode[]>;
  getNode(id: string): Promise<RegisteredNode | undefined>;
  /** @throws NodeExistsError, LeaderExistsError */
  addNode(node: AddNode): Promise<RegisteredNode>;
  /** @throws NodeNotFoundError, LeaderExistsError */
  updateNode(id: string, patch: NodePatch): Promise<RegisteredNode>;
  /** @throws NodeNotFoundError */
  deleteNode(id: string): Promise<void>;

  listStates(): Promise<NodeState[]>;
  /**
   * Writes each state unless a newer run wrote it already; a deleted node's state is dropped by TTL.
   * @returns ids of nodes whose newer state stays.
   */
  putStates(states: NodeState[]): Promise<{ refused: string[] }>;
  listReferences(): Promise<ReferenceHeight[]>;
  putReference(reference: ReferenceHeight): Promise<void>;

  /** The release that is in force; undefined before the first. */
  currentRelease(): Promise<ReleaseRecord | undefined>;
  /** Newest first. */
  listReleases(limit: number): Promise<ReleaseRecord[]>;
  /**
   * Makes `record` current if `record.version` is the highest version ever plus one and current is still `expectedVersion`.
   * @returns false when another run was faster.
   */
  publishRelease(record: ReleaseRecord, expectedCurrent: number | undefined): Promise<boolean>;
  /**
   * Marks a version bad and, if it is current, makes the newest good one current.
   * @returns what is current afterwards; undefined when there is no good one.
   */
  markReleaseBad(version: number, note: string): Promise<ReleaseRecord | undefined>;
  /** Whatever an operator went back to, and stays at. */
  pinnedRelease(): Promise<ReleasePin | undefined>;
  /** Undefined ends it. */
  pinRelease(pin: ReleasePin | undefined): Promise<void>;

  /** Expired ones included. */
  listKeys(): Promise<ApiKey[]>;
  /** Makes a key up. @throws TooManyKeysError */
  addKey(key: AddKey): Promise<CreatedKey>;
  /** @throws KeyNotFoundError */
  deleteKey(id: string): Promise<void>;
  /** Changes with every key that comes or goes; cheap to ask for. Undefined before the first key. */
  keysVersion(): Promise<string | undefined>;

  listTasks(): Promise<TaskHeartbeat[]>;
  /** The newest report of each task, those too that have left or fallen silent within the last hour. */
  listReports(): Promise<TaskHeartbeat[]>;
  /** One that says it has left is a last report: `listTasks` does not have it. */
  putTask(heartbeat: TaskHeartbeat): Promise<void>;
  deleteTask(taskId: string): Promise<void>;

  historyState(): Promise<HistoryState | undefined>;
  /**
   * Writes where the history stands now.
   * @param expectedAt `at` of the state that it follows
   * @returns false when another run was faster: its word stands
   */
  putHistoryState(state: HistoryState, expectedAt: string | undefined): Promise<boolean>;
  /** Kept for 24 hours. */
  putHistoryMinute(minute: HistoryMinute): Promise<void>;
  /** From an ISO 8601 instant on, by rising time. */
  listHistory(from: string): Promise<HistoryMinute[]>;
  /** Kept for seven days. */
  putEvents(events: GatewayEvent[]): Promise<void>;
  /** Newest first. */
  listEvents(limit: number): Promise<GatewayEvent[]>;

  /** What this region and others have counted of calls to nodes whose plan is limited by month. */
  creditCounts(): Promise<CreditCounts>;
  /**
   * Writes this region's count.
   * @param expectedAt `at` of the count that it follows
   * @returns false when another run was faster
   */
  putCreditCount(count: CreditCount, expectedAt: string | undefined): Promise<boolean>;

  /** Small facts that outlive a run (`defaultNetwork`, …). */
  getFact(name: string): Promise<string | undefined>;
  putFact(name: string, value: string): Promise<void>;
}
