import { cachePromises } from "./cachePromises";
import { callerPromises } from "./callerPromises";
import { chainPromises } from "./chainPromises";
import { errorPromises } from "./errorPromises";
import { operationPromises } from "./operationPromises";
import type { Area } from "./promise";
import { requestPromises } from "./requestPromises";
import { routingPromises } from "./routingPromises";
import { socketPromises } from "./socketPromises";
import { writePromises } from "./writePromises";

/** All that the proxy promises; docs/behaviour.md is made of it. */
export const areas: Area[] = [
  ...requestPromises,
  ...routingPromises,
  ...errorPromises,
  ...writePromises,
  ...chainPromises,
  ...cachePromises,
  ...callerPromises,
  ...socketPromises,
  ...operationPromises,
];
