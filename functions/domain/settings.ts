import type { z } from "zod";
import { callerSettings } from "./settings/callers";
import { callSettings } from "./settings/calls";
import type { SettingDefinition } from "./settings/definition";
import { edgeSettings } from "./settings/edge";
import { healthCheckSettings } from "./settings/healthCheck";
import { rolloutSettings } from "./settings/rollout";
import { socketSettings } from "./settings/sockets";

/**
 * Every setting of the system, once: name, type, default, and what it means. The environment of the local run
 * (`MAX_LAG_BLOCKS`), the Pulumi config (`maxLagBlocks`), the documentation and the code take it from here.
 */
export const settingDefinitions = {
  ...healthCheckSettings,
  ...rolloutSettings,
  ...callSettings,
  ...callerSettings,
  ...socketSettings,
  ...edgeSettings,
} as const satisfies Record<string, SettingDefinition<z.ZodType>>;

export type SettingName = keyof typeof settingDefinitions;
export type Settings = {
  [Name in SettingName]: z.output<(typeof settingDefinitions)[Name]["type"]>;
};

export const settingNames = Object.keys(settingDefinitions) as SettingName[];

/** What a task's agent and socket gateway read themselves, from their environment; all else reaches a task in its release. */
export const taskSettingNames = [
  "releasePollSeconds",
  "heartbeatSeconds",
  "drainSeconds",
  "workerProcesses",
  "maxCallsInFlight",
  "callTimeoutSeconds",
  "maxSocketsPerTask",
  "maxSocketsPerClient",
  "maxSubscriptionsPerSocket",
  "maxFrameBytes",
  "maxSocketQueueBytes",
  "maxSocketAnswerBytes",
  "socketPingSeconds",
] as const satisfies SettingName[];

/** `maxLagBlocks` → `MAX_LAG_BLOCKS` */
export function environmentName(name: string): string {
  return name.replace(/[A-Z]/g, "_$&").toUpperCase();
}

/** A setting has a value that it can't have. */
export class SettingError extends Error {
  override readonly name = "SettingError";
  constructor(
    readonly variable: string,
    readonly value: unknown,
    readonly allowed: string,
  ) {
    super(`${variable}: ${JSON.stringify(value)} is not allowed: give ${allowed}.`);
  }
}

/** The defaults of one place, with nothing overridden. */
export function defaultSettings(place: "aws" | "local"): Settings {
  return readSettings(
    place,
    () => undefined,
    (name) => name,
  );
}

/**
 * Reads every setting.
 * @param get value of a setting as given, undefined when it is not
 * @param displayName what the setting is called where the operator gave it
 * @throws SettingError naming the first bad one
 */
export function readSettings(
  place: "aws" | "local",
  get: (name: SettingName) => unknown,
  displayName: (name: SettingName) => string,
): Settings {
  const settings: Partial<Record<SettingName, unknown>> = {};
  for (const name of settingNames) {
    const definition: SettingDefinition<z.ZodType> = settingDefinitions[name];
    const given = get(name);
    if (given === undefined) {
      settings[name] =
        place === "local" && definition.local !== undefined ? definition.local : definition.default;
      continue;
    }
    const parsed = definition.type.safeParse(given);
    if (!parsed.success) {
      throw new SettingError(displayName(name), given, parsed.error.issues[0]?.message ?? definition.doc);
    }
    settings[name] = parsed.data;
  }
  assertOrder(settings as Settings, displayName);
  return settings as Settings;
}

/** Pairs of which the first can't be larger than the second. */
const ordered: [SettingName, SettingName][] = [
  ["attemptTimeoutSeconds", "callTimeoutSeconds"],
  ["halfOpenAfterSeconds", "halfOpenMaxSeconds"],
  ["wholeAnswerBytes", "maxAnswerBytes"],
];

function assertOrder(settings: Settings, displayName: (name: SettingName) => string): void {
  for (const [smaller, larger] of ordered) {
    if (settings[smaller] > settings[larger]) {
      throw new SettingError(
        displayName(smaller),
        settings[smaller],
        `at most ${displayName(larger)} (${String(settings[larger])})`,
      );
    }
  }
}

/** Reads every setting from environment variables (`MAX_LAG_BLOCKS`); an empty value counts as not given. */
export function settingsFromEnvironment(
  place: "aws" | "local",
  environment: Record<string, string | undefined>,
): Settings {
  return readSettings(
    place,
    (name) => environment[environmentName(name)]?.trim() || undefined,
    environmentName,
  );
}
