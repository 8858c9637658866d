import { evaluate } from "../../functions/handlers/evaluate";
import { log, registry, releaseStore } from "./environment";
import { type FunctionOptions, networkTableOf } from "./options";

export const createHandler = (options: FunctionOptions & { template: string }) =>
  evaluate({
    registry: registry(),
    releaseStore: releaseStore(),
    networks: networkTableOf(options),
    settings: options.settings,
    template: options.template,
    log,
  });
