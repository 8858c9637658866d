import type { Backend } from "../functions/handlers/admin/presentation";
import type { Output } from "./output";

export function nodeTable(output: Output, nodes: Backend[]): void {
  if (nodes.length === 0) {
    output.say("no nodes: add one with `nodes add <url>`");
    return;
  }
  output.table(
    ["id", "network", "name", "url", "verdict", "height", "lag", "latency", ""],
    nodes.map((node) => [
      node.id,
      node.network,
      node.name,
      node.url,
      verdict(node),
      node.block_number,
      node.lag,
      node.latency_ms === null ? null : `${Math.round(node.latency_ms)} ms`,
      [node.is_leader ? "leader" : "", node.drained ? "drained" : "", credits(node)]
        .filter(Boolean)
        .join(", "),
    ]),
  );
}

function credits({ credits_used: used, monthly_credits: most }: Backend): string {
  if (used === null || most === null) return "";
  return `${used.toLocaleString("en")} of ${most.toLocaleString("en")} credits`;
}

function verdict({ reason, is_healthy: isHealthy }: Backend): string {
  if (reason === null) return "not looked at yet";
  if (isHealthy) return reason === "ok" ? "healthy" : `healthy (${reason})`;
  return `unhealthy: ${reason}`;
}
