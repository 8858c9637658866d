import { type Command, InvalidArgumentError } from "commander";
import { redactUrl } from "../../functions/domain/redact";
import { exitCodes, outputOf } from "../context";
import { inspectNode, type NodeReport } from "../inspectNode";

export function addCheck(program: Command): void {
  program
    .command("check")
    .argument("<url>", "of a node (http or https)")
    .option("--chain-id <number>", "chain that it should be on", (text) => {
      if (!/^\d{1,16}$/.test(text)) throw new InvalidArgumentError("Give a chain id.");
      return Number(text);
    })
    .option("--timeout <seconds>", "for each question", (text) => {
      if (!(Number(text) > 0 && Number(text) <= 60)) throw new InvalidArgumentError("Give seconds up to 60.");
      return Number(text);
    })
    .description(
      "asks a node directly: would it be healthy, and what can it do; exit code 3 when it would not",
    )
    .action(async (url: string, options: { chainId?: number; timeout?: number }, command: Command) => {
      const output = outputOf(command);
      const report = await inspectNode(url, {
        chainId: options.chainId,
        timeoutMs: (options.timeout ?? 5) * 1000,
      });
      output.json({ url: redactUrl(url), ...report });
      output.say(`${redactUrl(url)} ${sentence(report)}`);
      for (const [what, value] of facts(report)) output.say(`  ${what.padEnd(11)} ${value}`);
      if (!report.healthy) process.exitCode = exitCodes.unhealthy;
    });
}

const words: Record<string, string> = {
  unreachable: "it can't be reached",
  timeout: "it does not answer in time",
  http_error: "it answers with an HTTP error",
  rpc_error: "it answers with a JSON-RPC error",
  bad_response: "what it answers is no JSON-RPC",
  wrong_chain: "it is on another chain",
  syncing: "it is still syncing",
};

function sentence({ healthy, reason }: NodeReport): string {
  return healthy ? "would be healthy." : `would be unhealthy: ${words[reason] ?? reason}.`;
}

function facts(report: NodeReport): [string, string][] {
  if (report.chainId === undefined) return [];
  const can = (what: boolean | undefined) => (what === undefined ? "unknown" : what ? "yes" : "no");
  return [
    ["chain", `${report.chainId} (${report.network})`],
    ["height", (report.height ?? 0).toLocaleString("en")],
    ["latency", `${report.latencyMs} ms`],
    ["archive", can(report.archive)],
    ["trace", can(report.trace)],
    ["debug", can(report.debug)],
    ["websockets", can(report.websockets)],
    ["batches", report.batchLimit === 0 ? "no" : `${report.batchLimit} calls at least`],
  ];
}
