import { systemClock } from "../functions/adapters/systemClock";
import type { Settings } from "../functions/domain/settings";
import { evaluate } from "../functions/handlers/evaluate";
import { listNodes } from "../functions/handlers/listNodes";
import { probe } from "../functions/handlers/probe";
import { redeploy } from "../functions/handlers/redeploy";
import { render } from "../functions/handlers/render";
import type { Log } from "../functions/ports/log";
import type { NodeProber } from "../functions/ports/nodeProber";
import type { ServiceDeployer } from "../functions/ports/serviceDeployer";
import type { Networks } from "./networks";
import { localRegion, type Storage } from "./storage";
import { LocalWorkflow } from "./workflow/localWorkflow";

export interface ControlPlaneParts {
  storage: Storage;
  networks: Networks;
  settings: Settings;
  prober: NodeProber;
  deployer: ServiceDeployer;
  /** Content of proxy-image/nginx.conf.ejs. */
  template: string;
  log: Log;
}

export interface ControlPlane {
  workflow: LocalWorkflow;
  /** What S3's events are for. */
  onReleaseStored: (event: unknown) => Promise<unknown>;
}

/** The handlers that are Lambdas on AWS, and the workflow that calls them. */
export function createControlPlane(parts: ControlPlaneParts): ControlPlane {
  const { storage, settings, prober, deployer, template, log } = parts;
  const shared = {
    ...storage,
    settings,
    template,
    log,
    prober,
    deployer,
    clock: systemClock,
    region: localRegion,
    networks: async () => parts.networks.table,
  };
  const onReleaseStored = redeploy(shared);
  const workflow = new LocalWorkflow(
    {
      ListNodes: listNodes(shared),
      ProbeBatch: probe(shared),
      Evaluate: evaluate(shared),
      Render: render(shared),
      CheckRollout: onReleaseStored,
    },
    log,
  );
  return { workflow, onReleaseStored };
}
