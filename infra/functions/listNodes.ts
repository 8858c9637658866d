import { systemClock } from "../../functions/adapters/systemClock";
import { listNodes } from "../../functions/handlers/listNodes";
import { registry } from "./environment";
import { type FunctionOptions, networkTableOf } from "./options";

export const createHandler = (options: FunctionOptions) =>
  listNodes({ registry: registry(), clock: systemClock, networks: networkTableOf(options) });
