import type { Command } from "commander";
import { contextOf } from "../context";

interface ReleaseView {
  version: number;
  sha256: string;
  published_at: string;
  status: string;
  note: string | null;
}
interface Releases {
  current_version: number | null;
  pinned_version: number | null;
  releases: ReleaseView[];
}

export function addReleases(program: Command): void {
  const releases = program.command("releases").description("what the proxies run and ran");
  releases
    .command("list")
    .description("newest first")
    .action(async (_options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const answer = await client.get<Releases>("releases");
      output.json(answer);
      output.table(
        ["version", "published", "status", "content", "", "note"],
        answer.releases.map((one) => [
          one.version,
          one.published_at,
          one.status,
          one.sha256.slice(0, 12),
          [
            one.version === answer.current_version ? "in force" : "",
            one.version === answer.pinned_version ? "pinned" : "",
          ]
            .filter(Boolean)
            .join(", "),
          one.note ?? "",
        ]),
      );
    });
  releases
    .command("show")
    .argument("<version>")
    .description("one release")
    .action(async (version: string, _options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const release = await client.get<ReleaseView>(`releases/${encodeURIComponent(version)}`);
      output.json(release);
      for (const [name, value] of Object.entries(release)) output.say(`${name}: ${value ?? "–"}`);
    });
  releases
    .command("rollback")
    .argument("<version>")
    .description("runs what this version was, until `unpin`: changes of nodes and health are not rolled out")
    .action(async (version: string, _options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const answer = await client.post(`releases/${encodeURIComponent(version)}/rollback`);
      output.json(answer);
      output.say(`The content of release ${version} is published again and stays until \`releases unpin\`.`);
    });
  releases
    .command("unpin")
    .description("publishes what the registry says again")
    .action(async (_options: object, command: Command) => {
      const { client, output } = contextOf(command);
      await client.delete("releases/pin");
      output.json({ pinned_version: null });
      output.say("New releases are published again.");
    });
}
