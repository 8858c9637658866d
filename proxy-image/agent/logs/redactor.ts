import { z } from "zod";
import { createRedactor } from "../../../functions/domain/redact";
import type { ReleaseFiles } from "../../../functions/domain/release";
import { hideClient } from "./hideClient";

const poolSecrets = z.object({ secrets: z.array(z.string()).catch([]) });
const clientAddress = z.object({ logClientAddress: z.enum(["full", "truncated", "off"]) });
const pool = z.object({
  limits: clientAddress.optional().catch(undefined),
  networks: z.array(
    z.object({ nodes: z.array(poolSecrets).catch([]), leader: poolSecrets.optional().catch(undefined) }),
  ),
});

/** Workers of older releases, which may still log, are this many releases old at most. */
const remembered = 16;

/**
 * Takes secrets out of texts: by their form, and those that the newest releases name in their pool.json. And the client's address,
 * as far as the newest release says.
 */
export class ReleaseRedactor {
  #secrets: string[][] = [];
  #redact = createRedactor([]);
  #client: "full" | "truncated" | "off" = "full";

  readonly redact = (text: string): string => hideClient(this.#redact(text), this.#client);

  /** To be called with each release before nginx sees it. */
  learn(files: ReleaseFiles): void {
    const known = readPool(files["pool.json"]);
    const secrets = known ? secretsIn(known) : [];
    this.#client = known?.limits?.logClientAddress ?? "full";
    this.#secrets = [secrets, ...this.#secrets].slice(0, remembered);
    this.#redact = createRedactor(new Set(this.#secrets.flat()));
  }
}

function readPool(poolJson: string): z.infer<typeof pool> | undefined {
  try {
    return pool.parse(JSON.parse(poolJson));
  } catch {
    return undefined;
  }
}

function secretsIn({ networks }: z.infer<typeof pool>): string[] {
  return networks
    .flatMap(({ nodes, leader }) => [...nodes, ...(leader ? [leader] : [])])
    .flatMap((n) => n.secrets);
}
