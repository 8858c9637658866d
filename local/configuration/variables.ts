import { environmentName, settingDefinitions, settingNames } from "../../functions/domain/settings";

/** An environment variable of the local run: one list for reading, `--help` and hints at misspelt ones. */
export interface Variable {
  name: string;
  doc: string;
  default: string;
}

const contract: Variable[] = [
  {
    name: "RPC_PROVIDERS_HTTP",
    doc: "Comma-separated URLs of the default network's nodes.",
    default: "demo nodes",
  },
  {
    name: "RPC_LEADER_HTTP",
    doc: "URL of the leader: heights are compared with its, and it serves when no other node is healthy.",
    default: "none",
  },
  {
    name: "DEFAULT_NETWORK",
    doc: "name=chainId of the network served at /.",
    default: "what most nodes say at the first start",
  },
  {
    name: "NETWORKS",
    doc: "Further networks, name=chainId comma-separated; their nodes are added through the admin API.",
    default: "none",
  },
  { name: "PORT", doc: "Port of the proxy, HTTP and WebSocket.", default: "8545" },
  { name: "ADMIN_PORT", doc: "Port of the admin API and status page, on loopback only.", default: "8546" },
  { name: "DATA_DIR", doc: "Folder of what survives a restart: nodes, releases.", default: ".local" },
];

/** Read elsewhere (nginx for the machine), known so that nobody is told that they are misspelt. */
const others = ["NGINX_CACHE_DIRECTORY", "NO_COLOR", "FORCE_COLOR"];

const settings: Variable[] = settingNames
  .filter((name) => !contract.some((variable) => variable.name === environmentName(name)))
  .map((name) => {
    const definition: { default: unknown; local?: unknown; doc: string } = settingDefinitions[name];
    return {
      name: environmentName(name),
      doc: definition.doc,
      default: show(definition.local ?? definition.default),
    };
  });

export const variables: Variable[] = [...contract, ...settings];

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(",") || "none" : String(value);
}

/** Lines about variables that look like ours but are not: `MAX_LAG_BLOCK is not known; did you mean MAX_LAG_BLOCKS?` */
export function misspeltVariables(environment: NodeJS.ProcessEnv): string[] {
  const known = variables.map((variable) => variable.name);
  const all = new Set([...known, ...others]);
  return Object.keys(environment)
    .filter((name) => !all.has(name) && name.length >= 6)
    .flatMap((name) => {
      const meant = known.find(
        (candidate) => candidate.length >= 6 && editDistance(name.toUpperCase(), candidate) <= 2,
      );
      return meant ? [`${name} is not known; did you mean ${meant}?`] : [];
    });
}

/** Levenshtein's: letters to add, drop or change to get from one word to the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
