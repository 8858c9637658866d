import * as pulumi from "@pulumi/pulumi";

/** The stack's config can't be used. One sentence; Pulumi prints it without a stack trace. */
export class ConfigError extends pulumi.RunError {
  static bad(key: string, shownValue: string, allowed: string): ConfigError {
    return new ConfigError(`${key}: ${shownValue} is not allowed: give ${allowed}.`);
  }
  static missing(key: string, allowed: string): ConfigError {
    return new ConfigError(`${key} is missing: give ${allowed}.`);
  }
  static unknown(key: string): ConfigError {
    return new ConfigError(`${key} is not a key of this program: docs/config.md lists them.`);
  }
}
