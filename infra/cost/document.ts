import { type CostLine, estimate, total, type Usage } from "./estimate";
import { priceSources, prices, pricesAsOf } from "./prices";

const base: Usage = {
  requestsPerSecond: 0,
  tasks: 2,
  taskVcpus: 0.5,
  taskGib: 1,
  nodes: 10,
  networks: 1,
  alarms: 16,
  intervalSeconds: 60,
  requestBytes: 500,
  answerBytes: 2_000,
  logLineBytes: 400,
};

/** The default stack, made from nothing, under three loads. */
export const usages: Record<string, Usage> = {
  idle: base,
  "100 requests/s": { ...base, requestsPerSecond: 100 },
  "1,000 requests/s": { ...base, requestsPerSecond: 1_000 },
};

/** docs/cost.md, computed. */
export function documentCost(): string {
  const names = Object.keys(usages);
  const columns = Object.values(usages).map(estimate);
  const rows = columns[0]!.map(
    (line, index) =>
      `| ${line.what} | ${line.formula} | ${columns.map((column) => dollars(column[index]!)).join(" | ")} |`,
  );
  const totals = columns.map((column) => `**${total(column).toFixed(0)}**`);
  const quiet = total(estimate({ ...usages["1,000 requests/s"]!, logLineBytes: 0 }));
  return [
    "# What it costs",
    "",
    `US dollars a month, from AWS's list prices of us-east-1 as published in ${pricesAsOf}, without free tiers (but the first 100 GB of`,
    "transfer), taxes, and what the providers of your nodes charge. The stack is the default one in an empty account: two arm64 tasks of",
    `half a vCPU and 1 GiB, ${base.nodes} nodes, one network, a health check every minute, ${base.alarms} alarms; ${base.requestBytes} bytes a request and`,
    `${base.answerBytes.toLocaleString("en")} an answer. This file is computed: \`npm run docs\`.`,
    "",
    `| | formula | ${names.join(" | ")} |`,
    `|---|---|${names.map(() => "---:|").join("")}`,
    ...rows,
    `| **all** | | ${totals.join(" | ")} |`,
    "",
    "What moves it:",
    "",
    `- **The request log** is the largest line under load. \`logRequests: false\` takes 1,000 requests/s to ${quiet.toFixed(0)} dollars; \`lokiUrl\` sends the`,
    "  lines to your own Loki.",
    "- **NAT and transfer** follow the bytes. Nodes in your own VPC (`nodeSecurityGroupIds`) cost no NAT; `vpcId` re-uses gateways that you pay already.",
    "- **Idle** is the load balancer, the NAT gateway and two tasks. An existing VPC and `listenerArn` take away most of it.",
    `- **Keys** (\`requireKeys\`) cost each task a read in 2 s: ${(((730 * 3600) / 2) * 1e-6 * prices.dynamoReadMillion).toFixed(2)} dollars.`,
    "- **WAF** adds 5 dollars, 1 for each of three rules, and 0.60 a million requests; **CloudFront** replaces the transfer of the load balancer by its",
    "  own; a **replica region** doubles the DynamoDB lines and is a stack of its own.",
    "",
    "Unit prices:",
    "",
    "| unit | dollars |",
    "|---|---:|",
    ...Object.entries(prices).map(([unit, price]) => `| ${unit} | ${price} |`),
    "",
    `Sources: ${priceSources.map((source) => `<${source}>`).join(", ")}.`,
    "",
  ].join("\n");
}

function dollars(line: CostLine): string {
  return line.dollars < 100 ? line.dollars.toFixed(2) : line.dollars.toFixed(0);
}
