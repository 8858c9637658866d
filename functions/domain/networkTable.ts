import { knownChain } from "./chains";
import type { Network } from "./network";

/** The networks of one installation, and the one that is served at `/`. */
export interface NetworkTable {
  networks: Network[];
  /** Name of one of them. */
  defaultNetwork?: string;
}

/** What `name=chainId` lists may be given as. */
export const networkListAllowed =
  "name=chainId, several separated by commas; a name has lower-case letters, digits and dashes, a chain id is a whole number above 0";

/** A list of networks can't be read. */
export class NetworkListError extends Error {
  override readonly name = "NetworkListError";
}

/** Paths of the proxy that a network of that name would hide. */
const reservedNames = new Set(["health", "ready", "metrics"]);
/** Starts with a letter: `/<chainId>` is a path too. */
const networkName = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function networkNameProblem(name: string): string | undefined {
  if (reservedNames.has(name)) return `${name} is a path of the proxy`;
  return networkName.test(name)
    ? undefined
    : "a network's name has 1 to 63 lower-case letters, digits and dashes and starts with a letter";
}

/** `mainnet=1, base=8453` → networks. @throws NetworkListError with one sentence */
export function parseNetworkList(text: string): Network[] {
  const networks = text
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean)
    .map(parseEntry);
  assertDistinct(networks);
  return networks;
}

/** The chosen default network followed by the further ones. @throws NetworkListError when two share a name or chain */
export function networkTable(defaultNetwork: Network | undefined, further: Network[]): NetworkTable {
  const networks = defaultNetwork ? [defaultNetwork, ...further] : further;
  assertDistinct(networks);
  return { networks, defaultNetwork: defaultNetwork?.name ?? further[0]?.name };
}

/** The network of a chain id: by its usual name if the chain is known, else `chain-<id>`. */
export function networkOfChain(chainId: number): Network {
  return { name: knownChain(chainId)?.name ?? `chain-${chainId}`, chainId };
}

/**
 * Seconds between two blocks of a network, for judging whether a height can be true: what the operator says of the network,
 * else the shorter one of what its chain is known for and the setting.
 */
export function blockTimeSeconds(network: Network, settings: { blockTimeSeconds: number }): number {
  const known = knownChain(network.chainId)?.blockTimeSeconds ?? Number.POSITIVE_INFINITY;
  return network.blockTimeSeconds ?? Math.min(known, settings.blockTimeSeconds);
}

function parseEntry(entry: string): Network {
  const [name = "", id = "", ...rest] = entry.split("=").map((part) => part.trim());
  const chainId = /^[1-9]\d{0,15}$/.test(id) ? Number(id) : Number.NaN;
  if (rest.length > 0 || !Number.isSafeInteger(chainId)) {
    throw new NetworkListError(`${JSON.stringify(entry)} is not name=chainId`);
  }
  const problem = networkNameProblem(name);
  if (problem) throw new NetworkListError(`${JSON.stringify(name)}: ${problem}`);
  return { name, chainId };
}

function assertDistinct(networks: Network[]): void {
  for (const [index, network] of networks.entries()) {
    const twin = networks
      .slice(0, index)
      .find((n) => n.name === network.name || n.chainId === network.chainId);
    if (!twin) continue;
    const what = twin.name === network.name ? `the name ${network.name}` : `chain id ${network.chainId}`;
    throw new NetworkListError(`two networks have ${what}`);
  }
}
