import { broken, guard } from "./guard";
import { call } from "./handleCall";
import { metrics, ready, stats, tick, trial } from "./operation";

export default { call, ready, metrics, stats, trial, tick, guard, broken };
