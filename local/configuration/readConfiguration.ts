import path from "node:path";
import type { Network } from "../../functions/domain/network";
import {
  NetworkListError,
  networkListAllowed,
  networkTable,
  parseNetworkList,
} from "../../functions/domain/networkTable";
import { parseNodeUrl } from "../../functions/domain/nodeUrl";
import { redactUrl } from "../../functions/domain/redact";
import { SettingError, type Settings, settingsFromEnvironment } from "../../functions/domain/settings";

/** A node of the operator's list. `url` is normalised, and secret. */
export interface OperatorNode {
  url: string;
  isLeader: boolean;
}

/** Everything that the environment says about a local run. */
export interface LocalConfiguration {
  /** The operator's nodes; none means demo nodes. */
  nodes: OperatorNode[];
  defaultNetwork?: Network;
  /** Further networks. */
  networks: Network[];
  port: number;
  adminPort: number;
  dataDirectory: string;
  settings: Settings;
}

type Environment = Record<string, string | undefined>;

/**
 * @param directory what a relative DATA_DIR starts from
 * @throws SettingError naming the first bad variable; a URL in it is redacted
 */
export function readConfiguration(environment: Environment, directory: string): LocalConfiguration {
  const settings = settingsFromEnvironment("local", environment);
  const get = (name: string) => environment[name]?.trim() || undefined;
  const port = readPort("PORT", get("PORT"), 8545);
  const adminPort = readPort("ADMIN_PORT", get("ADMIN_PORT"), 8546);
  if (port === adminPort) {
    throw new SettingError("ADMIN_PORT", String(adminPort), "another port than PORT");
  }
  return {
    nodes: readNodes(get, settings),
    ...readNetworks(get),
    port,
    adminPort,
    dataDirectory: path.resolve(directory, get("DATA_DIR") ?? ".local"),
    settings,
  };
}

function readPort(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (port >= 1 && port <= 65535) return port;
  throw new SettingError(name, value, "a port from 1 to 65535");
}

function readNodes(get: (name: string) => string | undefined, settings: Settings): OperatorNode[] {
  const leader = get("RPC_LEADER_HTTP");
  const leaderUrl = leader === undefined ? undefined : readUrl("RPC_LEADER_HTTP", leader, settings);
  const urls = (get("RPC_PROVIDERS_HTTP") ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => readUrl("RPC_PROVIDERS_HTTP", part, settings));
  const distinct = new Set([...(leaderUrl ? [leaderUrl] : []), ...urls]);
  return [...distinct].map((url) => ({ url, isLeader: url === leaderUrl }));
}

function readUrl(variable: string, text: string, settings: Settings): string {
  const parsed = parseNodeUrl(text, { allowPrivate: settings.allowPrivateNodes });
  if (parsed.ok) return parsed.url.href;
  const several = variable === "RPC_PROVIDERS_HTTP" ? "URLs separated by commas" : "one URL";
  throw new SettingError(
    variable,
    redactUrl(text),
    `${several}, each like https://host[:port]/path; this one ${parsed.problems[0]}`,
  );
}

function readNetworks(
  get: (name: string) => string | undefined,
): Pick<LocalConfiguration, "defaultNetwork" | "networks"> {
  const chosen = readNetworkList("DEFAULT_NETWORK", get("DEFAULT_NETWORK"));
  if (chosen.length > 1) {
    throw new SettingError(
      "DEFAULT_NETWORK",
      get("DEFAULT_NETWORK"),
      "one name=chainId; others go to NETWORKS",
    );
  }
  const networks = readNetworkList("NETWORKS", get("NETWORKS"));
  try {
    networkTable(chosen[0], networks);
  } catch (error) {
    if (!(error instanceof NetworkListError)) throw error;
    throw new SettingError("NETWORKS", get("NETWORKS"), `each network once; ${error.message}`);
  }
  return { defaultNetwork: chosen[0], networks };
}

function readNetworkList(variable: string, text: string | undefined): Network[] {
  try {
    return parseNetworkList(text ?? "");
  } catch (error) {
    if (!(error instanceof NetworkListError)) throw error;
    throw new SettingError(variable, text, `${networkListAllowed}; ${error.message}`);
  }
}
