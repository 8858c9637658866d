import type { Command } from "commander";
import type { Status } from "../../functions/handlers/admin/status";
import { contextOf, exitCodes } from "../context";
import { nodeTable } from "../nodeTable";

export function addStatus(program: Command): void {
  program
    .command("status")
    .description("networks, nodes, release and tasks; exit code 3 when a network has no healthy node")
    .action(async (_options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const status = await client.get<Status>("status");
      output.json(status);
      for (const network of status.networks) {
        const head = network.reference_height?.toLocaleString("en") ?? "–";
        output.say(
          `${network.name} (chain ${network.chain_id}): ${network.healthy_nodes} of ${network.nodes} nodes healthy, head ${head}`,
        );
      }
      output.say("");
      nodeTable(output, status.nodes);
      output.say("");
      output.say(releaseLine(status));
      for (const task of status.tasks) {
        const refused = task.bad_release ? `, refused ${task.bad_release.version}` : "";
        const what = task.draining ? "draining" : "serving";
        output.say(`task ${task.id}: release ${task.release_version}, ${what}${refused}`);
      }
      const dead = status.networks.some((network) => network.nodes > 0 && network.healthy_nodes === 0);
      if (dead || status.nodes.length === 0) process.exitCode = exitCodes.unhealthy;
    });
}

function releaseLine({ release, releases, pinned_version: pinned }: Status): string {
  const parts = [
    release ? `release ${release.version} in force since ${release.published_at}` : "no release",
  ];
  if (releases[0]?.status === "bad") parts.push(`release ${releases[0].version} is bad`);
  if (pinned !== null) parts.push(`pinned to ${pinned}`);
  return parts.join(", ");
}
