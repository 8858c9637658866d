import type { Network } from "../network";
import type { RegisteredNode } from "../node";
import { secretsOf } from "../redact";
import type { Settings } from "../settings";
import type { PoolAdmission, PoolFile, PoolNetwork, PoolNode } from "./poolFile";
import type { RenderInput } from "./renderRelease";

/** Builds pool.json's content: who takes calls, and what the script must know of the settings. */
export function poolFileOf(input: RenderInput): PoolFile {
  const { settings } = input;
  const inPool = new Set(input.states.filter((state) => state.inPool).map((state) => state.nodeId));
  const networks = [...input.networks]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((network) => networkOf(network, input, inPool));
  const only = networks.length === 1 ? networks[0]?.name : undefined;
  const milliseconds = (seconds: number) => Math.max(1, Math.round(seconds * 1000));
  const admission = admissionOf(settings);
  return {
    format: 1,
    defaultNetwork: networks.find(({ name }) => name === input.defaultNetwork)?.name ?? only ?? null,
    limits: {
      attemptTimeoutMs: milliseconds(settings.attemptTimeoutSeconds),
      callTimeoutMs: milliseconds(settings.callTimeoutSeconds),
      batchLimit: settings.batchLimit,
      heavyMethods: settings.heavyMethods,
      heavyTimeoutMs: milliseconds(settings.heavyTimeoutSeconds),
      broadcastNodes: settings.broadcastNodes,
      hedgeShare: settings.hedgeShare,
      headPollMs: Math.round(settings.headPollSeconds * 1000),
      halfOpenAfterMs: milliseconds(settings.halfOpenAfterSeconds),
      halfOpenMaxMs: milliseconds(settings.halfOpenMaxSeconds),
      logRequests: settings.logRequests,
      logParams: settings.logParams,
      logClientAddress: settings.logClientAddress,
    },
    ...(admission ? { admission } : {}),
    networks,
  };
}

/** Undefined when nothing asks for it: then the proxy does not spend a thought on it. */
export function admissionOf(settings: Settings): PoolAdmission | undefined {
  const {
    requireKeys: requiresKey,
    keyRatePerSecond,
    keyBurst,
    addressRatePerSecond,
    addressBurst,
  } = settings;
  if (!requiresKey && addressRatePerSecond === 0) return undefined;
  return {
    requiresKey,
    keyRate: { perSecond: keyRatePerSecond, burst: keyBurst },
    addressRate: { perSecond: addressRatePerSecond, burst: addressBurst },
  };
}

function networkOf(network: Network, { settings, nodes }: RenderInput, inPool: Set<string>): PoolNetwork {
  const usable = nodes
    .filter((node) => node.network === network.name && !node.drained)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const leader = usable.find((node) => node.isLeader && !inPool.has(node.id));
  return {
    name: network.name,
    chainId: network.chainId,
    finalityDepthBlocks: network.finalityDepthBlocks ?? settings.finalityDepthBlocks,
    blockTimeSeconds: network.blockTimeSeconds ?? settings.blockTimeSeconds,
    maxLagBlocks: network.maxLagBlocks ?? settings.maxLagBlocks,
    blockedMethods: [...settings.blockedMethods, ...(network.blockedMethods ?? [])],
    allowedMethods: [...settings.allowedMethods, ...(network.allowedMethods ?? [])],
    nodes: usable.filter((node) => inPool.has(node.id)).map(poolNodeOf),
    ...(leader ? { leader: poolNodeOf(leader) } : {}),
  };
}

function poolNodeOf(node: RegisteredNode): PoolNode {
  const { id, weight, wsUrl, headers = {}, limits } = node;
  const secrets = secretsInAnswers(node);
  const { maxRequestsPerSecond, maxConcurrency, monthlyCredits } = limits ?? {};
  const limited = {
    ...(maxRequestsPerSecond === undefined ? {} : { maxRequestsPerSecond }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    ...(monthlyCredits === undefined ? {} : { countsCredits: true as const }),
  };
  return {
    id,
    weight,
    ...limited,
    secrets,
    ...(wsUrl === undefined ? {} : { socket: { url: wsUrl, headers } }),
  };
}

/** Taken out of answers to clients: long enough not to be found in the data of an innocent one. */
const shortestSecret = 8;

/** Longest first: one that contains another must not be left in pieces. */
function secretsInAnswers(node: RegisteredNode): string[] {
  return secretsOf(node)
    .filter((text) => text.length >= shortestSecret)
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}
