import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { Network } from "../../functions/domain/network";
import {
  type SettingName,
  type Settings,
  settingDefinitions,
  settingNames,
} from "../../functions/domain/settings";
import { checkCombinations } from "./combinations";
import { ConfigError } from "./configError";
import {
  type InputName,
  type Inputs,
  inputDefinitions,
  inputNames,
  type NodeInput,
  secretInputs,
} from "./inputs";

type SecretInput = (typeof secretInputs)[number];

/** The whole config of a stack, checked. */
export interface Config extends Omit<Inputs, SecretInput | "networks"> {
  project: string;
  stack: string;
  /** `aws:region` */
  region: string;
  /** The provider's own keys that say which account is meant: `aws:profile`, `aws:allowedAccountIds`, `aws:assumeRoles`. */
  awsAccount: AwsAccount;
  settings: Settings;
  networks: Network[];
  /** JSON list of `NodeInput`, a Pulumi secret. */
  nodes?: pulumi.Output<string>;
  adminApiKey?: pulumi.Output<string>;
}

interface AwsAccount {
  profile?: string;
  allowedAccountIds?: string[];
  assumeRoles?: aws.types.input.ProviderAssumeRole[];
}

/** Raw values by key, as Pulumi has them: texts, lists and maps as JSON. */
export type RawConfig = Record<string, string>;

/** Reads the stack's config. @throws ConfigError naming the first key that is missing, bad or unknown. */
export function readConfig(
  raw: RawConfig = pulumi.runtime.allConfig(),
  project = pulumi.getProject(),
  stack = pulumi.getStack(),
): Config {
  refuseUnknownKeys(raw, project);
  const region = raw["aws:region"];
  if (!region) throw ConfigError.missing("aws:region", "the region to deploy to, such as eu-west-1");

  const settings = readAll<Settings>(settingNames, settingDefinitions, raw, project);
  const inputs = readAll<Inputs>(inputNames, inputDefinitions, raw, project);
  checkCombinations({ ...inputs, settings, region }, (name) => `${project}:${name}`);
  const { nodes, adminApiKey, ...plain } = inputs;
  return {
    ...plain,
    project,
    stack,
    region,
    awsAccount: readAwsAccount(raw),
    settings,
    nodes: nodes && pulumi.secret(JSON.stringify(nodes satisfies NodeInput[])),
    adminApiKey: adminApiKey === undefined ? undefined : pulumi.secret(adminApiKey),
  };
}

function readAwsAccount(raw: RawConfig): AwsAccount {
  const list = (key: string) => (raw[key] === undefined ? undefined : JSON.parse(raw[key]));
  return {
    profile: raw["aws:profile"],
    allowedAccountIds: list("aws:allowedAccountIds"),
    assumeRoles: list("aws:assumeRoles"),
  };
}

function refuseUnknownKeys(raw: RawConfig, project: string): void {
  const known = new Set<string>([...settingNames, ...inputNames]);
  for (const key of Object.keys(raw).sort()) {
    const [namespace, name = ""] = key.split(":");
    if (namespace === project && !known.has(name)) throw ConfigError.unknown(key);
  }
}

function readAll<T>(
  names: (SettingName | InputName)[],
  definitions: Partial<Record<string, { type: z.ZodType; default: unknown; doc: string }>>,
  raw: RawConfig,
  project: string,
): T {
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const definition = definitions[name]!;
    const text = raw[`${project}:${name}`];
    if (text === undefined) {
      values[name] = definition.default;
      continue;
    }
    const parsed = definition.type.safeParse(text === "" ? undefined : parseText(text));
    if (!parsed.success || text === "") {
      const allowed = (!parsed.success && parsed.error.issues[0]?.message) || definition.doc;
      throw ConfigError.bad(`${project}:${name}`, shown(name, text), allowed);
    }
    values[name] = parsed.data;
  }
  return values as T;
}

/** Pulumi hands lists and maps over as JSON; everything else is the text itself. */
function parseText(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function shown(name: string, text: string): string {
  return (secretInputs as readonly string[]).includes(name) ? "[secret]" : JSON.stringify(text);
}
