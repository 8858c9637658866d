import { broken } from "./broken";
import { answerOtherMethod, call, callDefault, callDefaultOfMany, callOfMany } from "./handleCall";
import { keys } from "./keyStore";
import { metrics, ready, stats, tick, trial } from "./operation";
import { poll } from "./polling";
import { send } from "./sending";
import { streamBody, streamed, streamHeader } from "./streamFilters";
import { nextStream, unstreamed } from "./streaming";

export default {
  call,
  callDefault,
  callOfMany,
  callDefaultOfMany,
  answerOtherMethod,
  ready,
  metrics,
  stats,
  trial,
  tick,
  poll,
  broken,
  send,
  nextStream,
  unstreamed,
  streamHeader,
  streamBody,
  streamed,
  keys,
};
