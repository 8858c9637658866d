import { createHash, timingSafeEqual } from "node:crypto";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { variable } from "./environment";

/** A key that was changed is in force after this at the latest. */
const secretLifeMs = 60_000;

/** Lets a call of the admin API pass if its `x-api-key` is the stack's. */
export function createHandler() {
  const secrets = new SecretsManagerClient({});
  let known: { digest: Buffer; until: number } | undefined;
  const expected = async (): Promise<Buffer> => {
    if (known && known.until > Date.now()) return known.digest;
    const secret = await secrets.send(
      new GetSecretValueCommand({ SecretId: variable("API_KEY_SECRET_ARN") }),
    );
    if (!secret.SecretString) throw new Error("The admin API's key is empty.");
    known = { digest: digestOf(secret.SecretString), until: Date.now() + secretLifeMs };
    return known.digest;
  };
  return async (event: { headers?: Record<string, string> }): Promise<{ isAuthorized: boolean }> => {
    const given = event.headers?.["x-api-key"];
    if (!given) return { isAuthorized: false };
    return { isAuthorized: timingSafeEqual(digestOf(given), await expected()) };
  };
}

/** Equal lengths, so that comparing tells nothing. */
function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
