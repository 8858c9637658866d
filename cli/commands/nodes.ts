import type { Command } from "commander";
import type { Backend } from "../../functions/handlers/admin/presentation";
import { type AdminClient, CliError } from "../adminClient";
import { contextOf } from "../context";
import { nodeTable } from "../nodeTable";
import { addAdd, addSet } from "./nodeChanges";

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
  addSet(nodes, find);
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

async function find(client: AdminClient, which: string): Promise<Backend> {
  return pick(await client.get<Backend[]>("backends"), which);
}

function pick(nodes: Backend[], which: string): Backend {
  const found = nodes.filter((node) => node.id === which || node.name === which);
  if (found.length > 1) throw new CliError(`Several nodes are called ${which}: give the id.`);
  if (!found[0]) throw new CliError("There is no such node: `nodes list` shows all.");
  return found[0];
}
