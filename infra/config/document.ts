import { settingDefinitions, settingNames } from "../../functions/domain/settings";
import { inputDefinitions, inputNames, secretInputs } from "./inputs";

interface Definition {
  default: unknown;
  doc: string;
  source?: string;
}

/** docs/config.md: every key of the stack's config, from the schema that checks it. */
export function documentConfig(): string {
  return [
    "# Configuration",
    "",
    "Every key of a stack's config, with its default. `pulumi config set <key> <value>` sets one; lists and maps are easier in",
    "`Pulumi.<stack>.yaml`. A missing, bad or unknown key fails `pulumi preview` with one sentence. `aws:region` is the only key without a default.",
    "",
    "This file is generated from the schema: `npm run docs`.",
    "",
    "## The stack",
    "",
    table(inputNames.map((name) => [name, inputDefinitions[name] as Definition])),
    "",
    "## Settings",
    "",
    "The local run takes the same under the same name in capitals (`MAX_LAG_BLOCKS`).",
    "",
    table(settingNames.map((name) => [name, settingDefinitions[name] as Definition])),
    "",
  ].join("\n");
}

function table(rows: [string, Definition][]): string {
  return [
    "| key | default | meaning |",
    "|---|---|---|",
    ...rows.map(
      ([name, definition]) => `| \`${name}\` | ${shownDefault(name, definition)} | ${meaning(definition)} |`,
    ),
  ].join("\n");
}

function shownDefault(name: string, { default: value }: Definition): string {
  if ((secretInputs as readonly string[]).includes(name)) return "– (secret)";
  if (value === undefined) return "–";
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
    return value.length === 0 ? "none" : value.map((item) => `\`${item}\``).join(" ");
  }
  if (typeof value === "object" && Object.keys(value as object).length === 0) return "none";
  return `\`${typeof value === "object" ? JSON.stringify(value) : String(value)}\``;
}

function meaning({ doc, source }: Definition): string {
  const text = doc.replaceAll("|", "\\|");
  return source ? `${text} ([source](${source}))` : text;
}
