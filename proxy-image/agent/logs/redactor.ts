import { z } from "zod";
import { createRedactor } from "../../../functions/domain/redact";
import type { ReleaseFiles } from "../../../functions/domain/release";

const poolSecrets = z.object({ secrets: z.array(z.string()).catch([]) });
const pool = z.object({
  networks: z.array(
    z.object({ nodes: z.array(poolSecrets).catch([]), leader: poolSecrets.optional().catch(undefined) }),
  ),
});

/** Workers of older releases, which may still log, are this many releases old at most. */
const remembered = 16;

/** Takes secrets out of texts: by their form, and those that the newest releases name in their pool.json. */
export class ReleaseRedactor {
  #secrets: string[][] = [];
  #redact = createRedactor([]);

  readonly redact = (text: string): string => this.#redact(text);

  /** To be called with each release before nginx sees it. */
  learn(files: ReleaseFiles): void {
    const secrets = secretsIn(files["pool.json"]);
    this.#secrets = [secrets, ...this.#secrets].slice(0, remembered);
    this.#redact = createRedactor(new Set(this.#secrets.flat()));
  }
}

function secretsIn(poolJson: string): string[] {
  try {
    const { networks } = pool.parse(JSON.parse(poolJson));
    return networks
      .flatMap(({ nodes, leader }) => [...nodes, ...(leader ? [leader] : [])])
      .flatMap((n) => n.secrets);
  } catch {
    return [];
  }
}
