import { broken, guard } from "./guard";
import { call } from "./handleCall";
import { keys } from "./keyStore";
import { metrics, ready, stats, tick, trial } from "./operation";
import { send } from "./sending";

export default { call, ready, metrics, stats, trial, tick, guard, broken, send, keys };
