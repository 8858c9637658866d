import * as aws from "@pulumi/aws";
import { Gateway } from "./components/gateway";
import type { Config } from "./config/readConfig";
import { shortName } from "./shortName";

/** Declares everything in the config's region, each resource with its tags. */
export function declareGateway(config: Config): Gateway {
  const name = resourceName(config.stack);
  const provider = new aws.Provider(name, {
    region: config.region as aws.Region,
    ...config.awsAccount,
    defaultTags: { tags: { ...config.tags, project: config.project, stack: config.stack } },
  });
  return new Gateway(name, config, { providers: [provider] });
}

/** Stack names may have dots, underscores and capitals; load balancers and buckets may not. */
function resourceName(stack: string): string {
  return shortName(`gateway-${stack.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`);
}
