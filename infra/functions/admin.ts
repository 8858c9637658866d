import { systemClock } from "../../functions/adapters/systemClock";
import { createAdminApp } from "../../functions/handlers/admin/app";
import type { PageAssets } from "../../functions/handlers/admin/buildPage";
import { deployer, log, registry, workflow } from "./environment";
import { fetchEvents } from "./fetchEvents";
import { type FunctionOptions, networkTableOf } from "./options";

/** Put in when the archive is made. */
declare const PAGE: PageAssets;

export const createHandler = (options: FunctionOptions) => {
  const app = createAdminApp({
    registry: registry(),
    workflow: workflow(),
    deployer: deployer(),
    clock: systemClock,
    networks: networkTableOf(options),
    settings: options.settings,
    // API Gateway and Lambda let in nobody without a signature or a key.
    allowedHosts: "any",
    page: PAGE,
    log,
  });
  return fetchEvents((request) => app.fetch(request));
};
