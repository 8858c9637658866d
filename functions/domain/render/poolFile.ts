import type { Settings } from "../settings";

/** `pool.json`: what the proxy's script and the socket gateway know of networks and nodes. Secret, like nginx.conf. */
export interface PoolFile {
  format: 1;
  /** Name of the network served at `/`. */
  defaultNetwork: string | null;
  limits: PoolLimits;
  /** Who is let in, and how often. Absent: everybody, always. */
  admission?: PoolAdmission;
  networks: PoolNetwork[];
}

export interface PoolLimits {
  attemptTimeoutMs: number;
  callTimeoutMs: number;
  batchLimit: number;
  /** Patterns. */
  heavyMethods: string[];
  heavyTimeoutMs: number;
  /** A transaction goes to so many nodes at once. */
  broadcastNodes: number;
  hedgeShare: number;
  /** 0 when nodes are not asked for their heights. */
  headPollMs: number;
  halfOpenAfterMs: number;
  halfOpenMaxMs: number;
  logRequests: boolean;
  logParams: boolean;
  logClientAddress: Settings["logClientAddress"];
}

export interface PoolAdmission {
  /** Only callers with a key are served. */
  requiresKey: boolean;
  /** Of a key that has none of its own; a rate of 0 is none. */
  keyRate: CallRate;
  /** Of a client's address. */
  addressRate: CallRate;
}

export interface CallRate {
  perSecond: number;
  /** Calls at once, after a rest. */
  burst: number;
}

export interface PoolNetwork {
  name: string;
  chainId: number;
  finalityDepthBlocks: number;
  blockTimeSeconds: number;
  maxLagBlocks: number;
  blockedMethods: string[];
  allowedMethods: string[];
  /** Nodes that take calls. */
  nodes: PoolNode[];
  /** The last resort of a call that all nodes failed; absent when it is among `nodes` or there is none. */
  leader?: PoolNode;
}

export interface PoolNode {
  id: string;
  weight: number;
  /** By the operator's plan: absent when there is no limit. */
  maxRequestsPerSecond?: number;
  /** nginx itself keeps to it; the script has to know what it means when nginx has nobody to send a call to. */
  maxConcurrency?: number;
  /** Its plan is limited by month: calls sent to it are counted. */
  countsCredits?: true;
  /** Parts of the node's URL and headers that must not get into a client's answer. */
  secrets: string[];
  /** Where the node takes WebSockets, and the headers it wants. Absent when it does not. */
  socket?: { url: string; headers: Record<string, string> };
}
