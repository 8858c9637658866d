import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { parseNodeUrl } from "../../functions/domain/nodeUrl";
import { type OperatorNode, syncOperatorNodes } from "../../functions/handlers/syncOperatorNodes";
import type { NodeInput } from "../config/inputs";
import { log, registry, variable, workflow } from "./environment";
import type { FunctionOptions } from "./options";

/**
 * Makes the registry hold the nodes of the stack's config. Called by each deployment that changed them; reads them from
 * the secret, so that neither the event nor Pulumi's state shows one.
 */
export function createHandler(options: FunctionOptions) {
  const secrets = new SecretsManagerClient({});
  const nodes = registry();
  const { start } = workflow();
  return async (event: { versionId: string }): Promise<{ added: string[]; removed: string[] }> => {
    const secret = await secrets.send(
      new GetSecretValueCommand({ SecretId: variable("NODES_SECRET_ARN"), VersionId: event.versionId }),
    );
    const wanted = (JSON.parse(secret.SecretString ?? "[]") as NodeInput[]).map((node) =>
      toOperatorNode(node, options),
    );
    const outcome = await syncOperatorNodes(nodes, wanted);
    log.info(outcome, "Nodes of the stack's config");
    await start("healthCheck");
    return outcome;
  };
}

function toOperatorNode(node: NodeInput, { settings, networks }: FunctionOptions): OperatorNode {
  const { maxRequestsPerSecond, maxConcurrency, monthlyCredits, ...rest } = node;
  const allowPrivate = settings.allowPrivateNodes;
  return {
    ...rest,
    url: normalised(node.url, { allowPrivate }),
    wsUrl: node.wsUrl && normalised(node.wsUrl, { allowPrivate, kind: "ws" }),
    network: node.network ?? networks[0]!.name,
    isLeader: node.isLeader ?? false,
    weight: node.weight ?? 100,
    ...((maxRequestsPerSecond ?? maxConcurrency ?? monthlyCredits) !== undefined && {
      limits: { maxRequestsPerSecond, maxConcurrency, monthlyCredits },
    }),
  };
}

function normalised(url: string, rules: { allowPrivate: boolean; kind?: "ws" }): string {
  const result = parseNodeUrl(url, rules);
  // The config was checked with the same rules.
  if (!result.ok) throw new Error(`A node's URL ${result.problems[0]}.`);
  return result.url.href;
}
