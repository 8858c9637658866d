import { type Command, InvalidArgumentError } from "commander";
import type { Backend } from "../../functions/handlers/admin/presentation";
import { type AdminClient, CliError } from "../adminClient";
import { contextOf } from "../context";

type Limit = number | "none";

interface Limits {
  weight?: number;
  maxRps?: Limit;
  maxConcurrency?: Limit;
  monthlyCredits?: Limit;
}
interface AddOptions extends Limits {
  network?: string;
  name?: string;
  wsUrl?: string;
  header?: string[];
  leader?: boolean;
}
interface SetOptions extends Limits {
  name?: string;
}

export function addAdd(nodes: Command): void {
  const add = nodes
    .command("add")
    .argument("<url>", "of the node; - reads it from stdin, which keeps the key out of your shell's history")
    .option("--network <name>", "network it belongs to")
    .option("--name <name>", "what it is called")
    .option("--ws-url <url>", "its WebSocket URL, where that is another one")
    .option("--header <name: value...>", "sent with each call, as some providers want their key")
    .option("--leader", "heights are compared with it")
    .description("adds a node");
  withLimits(add).action(async (url: string, options: AddOptions, command: Command) => {
    const { client, output } = contextOf(command);
    const node = await client.post<Backend>("backends", {
      url: url === "-" ? await readStdin() : url,
      network: options.network,
      name: options.name,
      ws_url: options.wsUrl,
      headers: options.header && Object.fromEntries(options.header.map(headerOf)),
      is_leader: options.leader,
      ...limitsOf(options, undefined),
    });
    output.json(node);
    output.say(`${node.id} ${node.url} is added to ${node.network}.`);
  });
}

export function addSet(nodes: Command, find: (client: AdminClient, which: string) => Promise<Backend>): void {
  const set = nodes
    .command("set")
    .argument("<node>", "id or name")
    .option("--name <name>", "what it is called from now on")
    .description("changes a node's name, its share of traffic, or the limits of its plan");
  withLimits(set).action(async (which: string, options: SetOptions, command: Command) => {
    const { client, output } = contextOf(command);
    if (Object.keys(options).length === 0)
      throw new CliError("Say what to change: --help tells what can be.");
    const { id } = await find(client, which);
    const change = { name: options.name, ...limitsOf(options, null) };
    const node = await client.patch<Backend>(`backends/${id}`, change);
    output.json(node);
    output.say(`${node.id} ${node.url} is changed.`);
  });
}

function withLimits(command: Command): Command {
  return command
    .option("--weight <number>", "share of traffic, 100 is usual", wholeNumber)
    .option("--max-rps <calls>", "most calls a second, from each task; none: no limit", limit)
    .option("--max-concurrency <calls>", "most calls at once, from each task; none: no limit", limit)
    .option("--monthly-credits <calls>", "most calls a month; none: no limit", limit);
}

/** @param none what takes a limit away */
function limitsOf(options: Limits, none: null | undefined) {
  const { weight, maxRps, maxConcurrency, monthlyCredits } = options;
  const given = (value: Limit | undefined) => (value === "none" ? none : value);
  return {
    weight,
    max_rps: given(maxRps),
    max_concurrency: given(maxConcurrency),
    monthly_credits: given(monthlyCredits),
  };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return Number(text);
}

function limit(text: string): Limit {
  if (text === "none") return text;
  if (!/^\d{1,13}(\.\d{1,6})?$/.test(text)) throw new InvalidArgumentError("Give a number, or none.");
  return Number(text);
}

/** `x-api-key: secret`. What is wrong is not quoted: it may be a key. */
function headerOf(text: string): [string, string] {
  const [, name = "", value = ""] = /^([^:\s]+):\s*(.+)$/.exec(text) ?? [];
  if (name === "") throw new CliError('Give headers as "name: value".');
  return [name, value];
}

async function readStdin(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  return text.trim();
}
