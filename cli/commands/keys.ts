import { type Command, InvalidArgumentError } from "commander";
import type { CreatedKeyView, KeyView } from "../../functions/handlers/admin/keys";
import { type AdminClient, CliError } from "../adminClient";
import { contextOf } from "../context";

export function addKeys(program: Command): void {
  const keys = program
    .command("keys")
    .description("the keys of callers (asked for where REQUIRE_KEYS is on)");
  addCreate(keys);
  keys
    .command("list")
    .description("all keys and what they allow; the keys themselves can't be shown again")
    .action(async (_options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const all = await client.get<KeyView[]>("keys");
      output.json(all);
      if (all.length === 0) output.say("no keys: make one with `keys create <name>`");
      else output.table(heads, all.map(rowOf));
    });
  keys
    .command("revoke")
    .argument("<key>", "id or name")
    .description("makes a key worthless within five seconds; sockets opened with it are closed")
    .action(async (which: string, _options: object, command: Command) => {
      const { client, output } = contextOf(command);
      const { id, name } = await find(client, which);
      await client.delete(`keys/${id}`);
      output.json({ id, revoked: true });
      output.say(`${id} ${name} is revoked.`);
    });
}

interface CreateOptions {
  network?: string[];
  rate?: number;
  burst?: number;
  expires?: string;
  origin?: string[];
  method?: string[];
}

function addCreate(keys: Command): void {
  keys
    .command("create")
    .argument("<name>", "whose key it is: shown in logs and metrics")
    .option("--network <name...>", "only these networks")
    .option("--rate <calls>", "calls a second, on each task", decimal)
    .option("--burst <calls>", "calls at once after a rest", wholeNumber)
    .option("--expires <when>", "an instant (2027-01-31T00:00:00Z), or after so long (12h, 30d)", instant)
    .option("--origin <origin...>", "only from pages of these web origins")
    .option("--method <pattern...>", "only these methods, * as wildcard")
    .description("makes a key and shows it, this once")
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const { client, output } = contextOf(command);
      const made = await client.post<CreatedKeyView>("keys", {
        name,
        networks: options.network,
        rate_per_second: options.rate,
        burst: options.burst,
        expires_at: options.expires,
        origins: options.origin,
        methods: options.method,
      });
      output.json(made);
      output.say(made.key);
      output.say(
        `That is key ${made.id} of ${made.name}; it can't be shown again. It opens /<network>/<key>,`,
      );
      output.say("or goes into the header `Authorization: Bearer <key>`.");
    });
}

const heads = ["id", "name", "networks", "rate", "burst", "expires", "origins", "methods", "created"];

function rowOf(key: KeyView): (string | number | null)[] {
  const all = (list: string[] | null) => list?.join(", ") ?? "all";
  return [
    key.id,
    key.name,
    all(key.networks),
    key.rate_per_second === null ? null : `${key.rate_per_second}/s`,
    key.burst,
    key.is_expired ? `expired ${key.expires_at}` : key.expires_at,
    all(key.origins),
    all(key.methods),
    key.when_created,
  ];
}

async function find(client: AdminClient, which: string): Promise<KeyView> {
  const keys = await client.get<KeyView[]>("keys");
  const found = keys.filter((key) => key.id === which || key.name === which);
  if (found.length > 1) throw new CliError(`Several keys are called ${which}: give the id.`);
  if (!found[0]) throw new CliError("There is no such key: `keys list` shows all.");
  return found[0];
}

function decimal(text: string): number {
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(text)) throw new InvalidArgumentError("Give a number.");
  return Number(text);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return Number(text);
}

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function instant(text: string): string {
  const [, count, unit = ""] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const atMs = count === undefined ? Date.parse(text) : Date.now() + Number(count) * unitMs[unit]!;
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError("Give an instant like 2027-01-31T00:00:00Z, or 30d.");
  return new Date(atMs).toISOString();
}
