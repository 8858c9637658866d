import { type Command, InvalidArgumentError } from "commander";
import { CliError, NotFoundError } from "../adminClient";
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
    .argument("<version>", "as `releases list` shows them", versionNumber)
    .description("one release")
    .action(async (version: number, _options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const release = await found(version, client.get<ReleaseView>(`releases/${version}`));
      output.json(release);
      for (const [name, value] of Object.entries(release)) output.say(`${name}: ${value ?? "–"}`);
    });
  releases
    .command("rollback")
    .argument("<version>", "as `releases list` shows them", versionNumber)
    .description("runs what this version was, until `unpin`: changes of nodes and health are not rolled out")
    .action(async (version: number, _options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const answer = await found(version, client.post(`releases/${version}/rollback`));
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

async function found<T>(version: number, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new CliError(`There is no release ${version}: \`releases list\` shows all.`);
  }
}

function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("Give a version's number.");
  return Number(text);
}
