import { createHash } from "node:crypto";
import ejs from "ejs";
import type { Network } from "../network";
import type { RegisteredNode } from "../node";
import type { ReleaseFiles } from "../release";
import type { Settings } from "../settings";
import type { NodeState } from "../verdict";
import { admissionOf, poolFileOf } from "./poolFileOf";
import { upstreamOf } from "./upstream";

export interface RenderInput {
  settings: Settings;
  networks: Network[];
  /** Served at `/`; without it the only network is. */
  defaultNetwork?: string;
  nodes: RegisteredNode[];
  /** `inPool` is believed: who takes calls was decided by the health check. */
  states: NodeState[];
}

/**
 * Renders a release: nginx.conf from `template` (EJS) and pool.json. Pure, and independent of the input's order: the same
 * nodes in the same states give the same bytes, so nothing is published when nothing has changed.
 */
export function renderRelease(template: string, input: RenderInput): ReleaseFiles {
  const pool = poolFileOf(input);
  const used = new Set(
    pool.networks.flatMap(({ nodes, leader }) => [...nodes, ...(leader ? [leader] : [])]).map(({ id }) => id),
  );
  const upstreams = input.nodes
    .filter((node) => used.has(node.id))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(upstreamOf);
  const view = { settings: input.settings, upstreams, ...derived(input.settings, upstreams.length) };
  return {
    "nginx.conf": ejs.render(template, view, { escape: (text: unknown) => String(text) }),
    "pool.json": `${JSON.stringify(pool)}\n`,
  };
}

/** Hex sha256 of the files' names and bytes. */
export function releaseSha256(files: ReleaseFiles): string {
  const hash = createHash("sha256");
  for (const name of ["nginx.conf", "pool.json"] as const) {
    hash.update(`${name}\0${Buffer.byteLength(files[name])}\0`).update(files[name]);
  }
  return hash.digest("hex");
}

/** Values that the template would otherwise have to compute. */
function derived(settings: Settings, nodes: number) {
  const anyOrigin = settings.corsOrigins.includes("*");
  const milliseconds = (seconds: number) => `${Math.max(1, Math.round(seconds * 1000))}ms`;
  return {
    attemptTimeout: milliseconds(settings.attemptTimeoutSeconds),
    // A host that swallows packets must leave time for a second one within the same attempt.
    connectTimeout: milliseconds(Math.min(2, settings.attemptTimeoutSeconds / 2)),
    longestSeconds: settings.callTimeoutSeconds + 1,
    heavyTimeout: milliseconds(settings.heavyTimeoutSeconds),
    longestHeavySeconds: settings.heavyTimeoutSeconds + 1,
    httpErrors: httpErrors.join(" "),
    // The request that sends a transaction keeps to the time of a call; this is for when it is lost.
    sendTimeout: milliseconds(settings.callTimeoutSeconds + 2),
    admission: admissionOf(settings),
    anyOrigin,
    cors: corsHeaders(anyOrigin),
    sampledShare: sampledShare(settings.logSampleRate),
    loggedClient: loggedClient[settings.logClientAddress],
    // At most 15 numbers of about 128 bytes a node, 25 a network, and room for those that are gone.
    stateZone: `${1 + Math.ceil(nodes / 500)}m`,
  };
}

/** What the access log says of the client, in nginx's words. */
const loggedClient: Record<Settings["logClientAddress"], string> = {
  full: '"client":"$remote_addr",',
  truncated: '"client":"$gateway_client",',
  off: "",
};

/** For `split_clients`, which knows hundredths of a percent; undefined when every request is logged. */
function sampledShare(rate: number): string | undefined {
  if (rate === 1) return undefined;
  return (Math.min(0.9999, rate) * 100).toFixed(2);
}

/** Every status that nginx takes for an error and lets a location handle. 499 is its own, for clients that left. */
const httpErrors = Array.from({ length: 300 }, (_, index) => 300 + index).filter((status) => status !== 499);

function corsHeaders(anyOrigin: boolean): string {
  const lines = anyOrigin
    ? ['add_header Access-Control-Allow-Origin "*" always;']
    : ["add_header Access-Control-Allow-Origin $cors_origin always;", "add_header Vary Origin always;"];
  lines.push('add_header Access-Control-Expose-Headers "Retry-After, X-Request-Id" always;');
  lines.push("add_header X-Request-Id $gateway_id always;");
  return lines.map((line) => `      ${line}`).join("\n");
}
