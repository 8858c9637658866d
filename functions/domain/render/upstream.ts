import { isIP } from "node:net";
import type { RegisteredNode } from "../node";
import { parseNodeUrl } from "../nodeUrl";

/** What the template needs to write one node's upstream and location. Everything is safe to stand in nginx.conf. */
export interface Upstream {
  id: string;
  scheme: "http" | "https";
  /** `host:port` with `resolve` where the name has to be looked up; the second is tried when the first refuses. */
  servers: string[];
  /** Name for SNI and the certificate's check. */
  tlsName: string;
  /** Path and query. */
  path: string;
  /** Request headers, `name` and quoted `value`. */
  headers: { name: string; value: string }[];
  /** Whether the operator has set the header (named in lower case) for this node. */
  sets: (name: string) => boolean;
}

/** @throws Error when the node's URL is not one that `parseNodeUrl` accepts: the registry holds no others. */
export function upstreamOf(node: RegisteredNode): Upstream {
  const parsed = parseNodeUrl(node.url, { allowPrivate: true });
  if (!parsed.ok || (parsed.url.scheme !== "http" && parsed.url.scheme !== "https")) {
    throw new Error(`Node ${node.id} has a URL that can't be rendered.`);
  }
  if (!/^[A-Za-z0-9]{1,40}$/.test(node.id)) throw new Error("A node's id can't be rendered.");
  const { scheme, host, port, path, credentials } = parsed.url;
  const isDefaultPort = port === (scheme === "https" ? 443 : 80);
  const headers = new Map<string, { name: string; value: string }>();
  const add = (name: string, value: string) =>
    headers.set(name.toLowerCase(), { name, value: quoted(value) });
  add("Host", isDefaultPort ? host : `${host}:${port}`);
  if (credentials !== undefined) add("Authorization", `Basic ${Buffer.from(credentials).toString("base64")}`);
  for (const [name, value] of Object.entries(node.headers ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!ownHeaders.has(name.toLowerCase()) && /^[A-Za-z0-9-]{1,100}$/.test(name)) add(name, value);
  }
  return {
    id: node.id,
    scheme,
    servers: serversOf(host, port, node.limits?.maxConcurrency),
    tlsName: host.replace(/^\[|\]$/g, ""),
    path,
    headers: [...headers.values()],
    sets: (name) => headers.has(name),
  };
}

/** Headers that the proxy itself decides. */
const ownHeaders = new Set([
  "content-length",
  "content-type",
  "connection",
  "transfer-encoding",
  "accept-encoding",
]);

/** A limit of calls at once holds for each address of a name: nginx counts them so. */
function serversOf(host: string, port: number, maxConcurrency: number | undefined): string[] {
  const servers = addressesOf(host, port);
  return maxConcurrency === undefined
    ? servers
    : servers.map((server) => `${server} max_conns=${maxConcurrency}`);
}

function addressesOf(host: string, port: number): string[] {
  // nginx asks name servers and never reads /etc/hosts, where most machines have their localhost.
  if (host === "localhost" || host.endsWith(".localhost")) {
    return [`127.0.0.1:${port} max_fails=0`, `[::1]:${port} max_fails=0 backup`];
  }
  if (isIP(host) || host.startsWith("[")) return [`${host}:${port} max_fails=0`];
  // A name with several addresses: one that fails is left out for as long as the first half-open wait.
  return [`${host}:${port} resolve max_fails=1 fail_timeout=1s`];
}

/** A string for nginx.conf. `$` would be a variable and can't be escaped; the validators let none through. */
function quoted(value: string): string {
  if (!/^[ -~]*$/.test(value) || /[${}]/.test(value)) throw new Error("A header's value can't be rendered.");
  return `"${value.replace(/[\\"]/g, "\\$&")}"`;
}
