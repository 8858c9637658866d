import type { Exchange } from "./exchange";

const longestName = 64;

/** What the access log says of a request that is answered with this status: `facts` are its other members. */
export function logLine(status: number, facts: string): string {
  return `","status":${status},${facts}`;
}

/** Puts such a line where the log's format ends. Requests without one have their status from nginx. */
export function log(r: NginxHTTPRequest, line: string): void {
  (r.variables as Record<string, string>).gateway_log = line;
}

/** Logs a request that nodes were asked for. */
export function logFacts(
  r: NginxHTTPRequest,
  exchange: Exchange,
  status: number,
  isBatch: boolean,
  withParams: boolean,
): void {
  const { calls, network, attempts } = exchange;
  const first = calls[0]!;
  let facts = `"network":"${network.name}","attempts":${attempts}`;
  if (isBatch) {
    let failed = 0;
    for (const { outcome } of calls) if (outcome !== "ok") failed++;
    facts += `,"batch":${calls.length},"failed":${failed}`;
    const hits = calls.filter(({ cache }) => cache === "hit").length;
    if (hits > 0) facts += `,"hits":${hits}`;
  } else {
    const { method, node, outcome, cache } = first;
    const name = /^\w{1,64}$/.test(method) ? `"${method}"` : JSON.stringify(method.slice(0, longestName));
    facts += `,"method":${name},"outcome":"${outcome}"`;
    if (cache !== "none") facts += `,"cache":"${cache}"`;
    if (node !== undefined) facts += `,"node":"${node.id}"`;
  }
  if (withParams) facts += `,"params":${paramsOf(exchange)}`;
  log(r, logLine(status, facts));
}

function paramsOf({ calls }: Exchange): string {
  const all = calls.map(({ paramsText }) =>
    paramsText === undefined ? null : (JSON.parse(paramsText) as unknown),
  );
  return JSON.stringify(all);
}
