import { systemClock } from "../../functions/adapters/systemClock";
import { render } from "../../functions/handlers/render";
import { log, registry, releaseStore } from "./environment";
import { type FunctionOptions, networkTableOf } from "./options";

export const createHandler = (options: FunctionOptions & { template: string }) =>
  render({
    registry: registry(),
    releaseStore: releaseStore(),
    networks: networkTableOf(options),
    settings: options.settings,
    template: options.template,
    clock: systemClock,
    log,
  });
