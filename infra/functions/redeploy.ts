import { systemClock } from "../../functions/adapters/systemClock";
import { redeploy } from "../../functions/handlers/redeploy";
import { reportMetrics } from "../../functions/handlers/reportMetrics";
import { deployer, gatewayRegion, log, registry, releaseStore, writeLine } from "./environment";
import { type FunctionOptions, networkTableOf } from "./options";

/** Sees after the rollout, called by S3 and at the end of each run; the latter is when metrics are due. */
export function createHandler(options: FunctionOptions) {
  const { settings, networks, stack } = options;
  const shared = { registry: registry(), deployer: deployer(), clock: systemClock, region: gatewayRegion() };
  const seeAfterRollout = redeploy({
    ...shared,
    releaseStore: releaseStore(),
    networks: networkTableOf(options),
    settings,
    log,
  });
  const report = reportMetrics({ ...shared, stack, networks, write: writeLine });
  return async (event: object) => {
    const outcome = await seeAfterRollout(event);
    if (!("Records" in event)) await report();
    return outcome;
  };
}
