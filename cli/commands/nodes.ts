import { type Command, InvalidArgumentError } from "commander";
import type { Backend } from "../../functions/handlers/admin/presentation";
import { type AdminClient, CliError } from "../adminClient";
import { contextOf } from "../context";
import type { Output } from "../output";

export function addNodes(program: Command): void {
  const nodes = program.command("nodes").description("the registered nodes");
  nodes
    .command("list")
    .description("all nodes with height, lag, verdict")
    .action(async (_options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const backends = await client.get<Backend[]>("backends");
      output.json(backends);
      nodeTable(output, backends);
    });
  addAdd(nodes);
  nodes
    .command("remove")
    .argument("<node>", "id or name")
    .description("takes a node out for good")
    .action(async (which: string, _options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const node = await find(client, which);
      await client.delete(`backends/${node.id}`);
      output.json({ id: node.id, removed: true });
      output.say(`${node.id} ${node.url} is removed.`);
    });
  addChange(nodes, "drain", "no new calls for a node", { drained: true }, "drained");
  addChange(nodes, "undrain", "calls for a drained node again", { drained: false }, "back in service");
  addSetLeader(nodes);
}

function addAdd(nodes: Command): void {
  nodes
    .command("add")
    .argument("<url>", "of the node; - reads it from stdin, which keeps the key out of your shell's history")
    .option("--network <name>", "network it belongs to")
    .option("--name <name>", "what it is called")
    .option("--ws-url <url>", "its WebSocket URL, where that is another one")
    .option("--weight <number>", "share of traffic, 100 is usual", wholeNumber)
    .option("--leader", "heights are compared with it")
    .description("adds a node")
    .action(async (url: string, options: AddOptions, command: Command) => {
      const { client, output } = contextOf(command);
      const node = await client.post<Backend>("backends", {
        url: url === "-" ? await readStdin() : url,
        network: options.network,
        name: options.name,
        ws_url: options.wsUrl,
        weight: options.weight,
        is_leader: options.leader,
      });
      output.json(node);
      output.say(`${node.id} ${node.url} is added to ${node.network}.`);
    });
}

interface AddOptions {
  network?: string;
  name?: string;
  wsUrl?: string;
  weight?: number;
  leader?: boolean;
}

function addChange(nodes: Command, name: string, description: string, change: object, done: string): void {
  nodes
    .command(name)
    .argument("<node>", "id or name")
    .description(description)
    .action(async (which: string, _options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const { id } = await find(client, which);
      const node = await client.patch<Backend>(`backends/${id}`, change);
      output.json(node);
      output.say(`${node.id} ${node.url} is ${done}.`);
    });
}

function addSetLeader(nodes: Command): void {
  nodes
    .command("set-leader")
    .argument("<node>", "id or name")
    .description("makes a node its network's leader, in place of whoever is")
    .action(async (which: string, _options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const backends = await client.get<Backend[]>("backends");
      const node = pick(backends, which);
      const before = backends.find((one) => one.network === node.network && one.is_leader);
      if (before && before.id !== node.id) await client.patch(`backends/${before.id}`, { is_leader: false });
      try {
        const leader = await client.patch<Backend>(`backends/${node.id}`, { is_leader: true });
        output.json(leader);
        output.say(`${leader.id} ${leader.url} leads ${leader.network}.`);
      } catch (error) {
        if (before) await client.patch(`backends/${before.id}`, { is_leader: true });
        throw error;
      }
    });
}

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
      [node.is_leader ? "leader" : "", node.drained ? "drained" : ""].filter(Boolean).join(", "),
    ]),
  );
}

function verdict({ reason, is_healthy: isHealthy }: Backend): string {
  if (reason === null) return "not looked at yet";
  if (isHealthy) return reason === "ok" ? "healthy" : `healthy (${reason})`;
  return `unhealthy: ${reason}`;
}

async function find(client: AdminClient, which: string): Promise<Backend> {
  return pick(await client.get<Backend[]>("backends"), which);
}

function pick(nodes: Backend[], which: string): Backend {
  const found = nodes.filter((node) => node.id === which || node.name === which);
  if (found.length > 1) throw new CliError(`Several nodes are called ${which}: give the id.`);
  if (!found[0]) throw new CliError("There is no such node: `nodes list` shows all.");
  return found[0];
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return Number(text);
}

async function readStdin(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  return text.trim();
}
