import type { Command } from "commander";
import { AdminClient } from "./adminClient";
import { createOutput, type Output } from "./output";
import { createSigner, isApiGateway } from "./signer";

/** How a command ended: 0 well, 1 it failed, 2 it was misspelt, 3 it looked and what it saw is not healthy. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, unhealthy: 3 } as const;

export interface Context {
  client: AdminClient;
  output: Output;
}

interface GlobalOptions {
  url?: string;
  profile?: string;
  region?: string;
  apiKey?: string;
  json?: boolean;
}

/** What the options before or after a command's name say. */
export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  const environment = process.env;
  const url =
    options.url ?? environment.GATEWAY_ADMIN_URL ?? `http://127.0.0.1:${environment.ADMIN_PORT || "8546"}`;
  const apiKey = options.apiKey ?? environment.GATEWAY_API_KEY;
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  const signs = apiKey === undefined && (isApiGateway(host) || options.region !== undefined);
  return {
    client: new AdminClient({ url, apiKey, sign: signs ? createSigner(host, options) : undefined }),
    output: outputOf(command),
  };
}

export function outputOf(command: Command): Output {
  const { json = false } = command.optsWithGlobals<GlobalOptions>();
  return createOutput(json, (text) => process.stdout.write(text));
}
