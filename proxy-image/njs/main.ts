import { call } from "./handleCall";
import { guard, metrics, ready, stats, tick, trial } from "./operation";

export default { call, ready, metrics, stats, trial, tick, guard };
