import { classifyStatus } from "../../functions/domain/providerErrors";
import type { PoolLimits } from "../../functions/domain/render/poolFile";
import { isParsable, judgeBatch, judgeSingle, type Verdict } from "./answer";
import { awaited } from "./awaited";
import type { Call } from "./call";
import { countCredits } from "./counters";
import { tooLargeStatus } from "./guard";
import { hasSmallAnswer } from "./methods";
import { ownLocation } from "./ownRoad";
import { loadRuntime } from "./runtime";
import { watch } from "./state";
import type { Failure, Node } from "./types";

/** What came of asking a node. Calls without a verdict failed with `failure`. */
export interface Reply {
  verdicts?: (Verdict | undefined)[];
  failure?: Failure;
  /** How long the node asks to be left alone. */
  restMs?: number;
  /** The node answered a batch as a whole: it may take the calls one by one. */
  batchRefused?: boolean;
  /** Time ran out while the node may still be sending. */
  gaveUp?: boolean;
}

/** One object for all subrequests of this context: they are read before `subrequest` returns. */
const options = { method: "POST" as const, body: "" };

/** Sends calls to a node and judges the answer. `done` is called exactly once, never before this returns. */
export function askNode(
  r: NginxHTTPRequest,
  node: Node,
  calls: Call[],
  limitMs: number,
  done: (reply: Reply) => void,
): void {
  let isOver = false;
  let timer = setTimeout(() => {
    isOver = true;
    watch(node, Date.now());
    timer = breakOffLater(loadRuntime(r).limits);
    done({ failure: "timeout", gaveUp: true });
  }, limitMs);
  if (node.creditKey !== undefined) countCredits(node.creditKey, calls.length);
  options.body = bodyOf(calls);
  const { method } = calls[0]!;
  const own = ownLocation(node, method);
  const isHeavy = node.watchedUntil > 0 || calls.length > 1 || !hasSmallAnswer(method);
  // Of several nodes at once nobody could tell which one it was.
  awaited.node = awaited.node === undefined && own === undefined ? node : undefined;
  r.subrequest(own ?? (isHeavy ? node.heavyLocation : node.location), options, (reply) => {
    awaited.node = undefined;
    clearTimeout(timer);
    if (isOver) return;
    done(readReply(reply, calls.length));
  });
  // A context in reserve keeps no batch in memory.
  options.body = "";
}

/** By then the client has its answer, be it slow in reading. */
const callTimesUntilBreak = 3;
/**
 * Ends, later, a request whose client was answered while a node is still sending. Nothing else can be ended than the whole request:
 * nginx does so when a timer throws.
 */
export function breakOffLater({ callTimeoutMs }: PoolLimits): ReturnType<typeof setTimeout> {
  return setTimeout(() => {
    throw new Error("a node was still sending when the time of the call was long over");
  }, callTimeoutMs * callTimesUntilBreak);
}

function bodyOf(calls: Call[]): string {
  if (calls.length === 1) return calls[0]!.requestText(1);
  let body = "";
  for (let i = 0; i < calls.length; i++) body += `${i === 0 ? "[" : ","}${calls[i]!.requestText(i + 1)}`;
  return `${body}]`;
}

/**
 * Reads and judges what came back for `count` calls.
 * @param id of a single call
 */
export function readReply(reply: NginxHTTPRequest, count: number, id = 1): Reply {
  const status = reply.status;
  if (status === tooLargeStatus) return { failure: "tooLarge" };
  const text = reply.responseText ?? "";
  if (status === 200) return readBody(text, count, id, status);
  const { upstream_header_time: header, upstream_connect_time: connect } = reply.variables;
  const failed = transportFailure(status, header, connect, reply.variables.upstream_addr);
  if (failed !== undefined) return { failure: failed };
  const failure = classifyStatus(status) ?? "http";
  const restMs = restOf(reply.headersOut["Retry-After"]);
  if (status >= 300 && status < 400) return { failure: "http" };
  const read = readBody(text, count, id, status);
  const heard = read.verdicts?.filter((verdict) => verdict !== undefined && verdict.kind !== "garbage");
  if (heard === undefined || heard.length === 0) return { failure: failure as Failure, restMs };
  return { ...read, failure: read.failure ?? (failure as Failure), restMs };
}

function readBody(text: string, count: number, id: number, status: number): Reply {
  if (count === 1) return { verdicts: [judgeSingle(text, status, id)] };
  // What is too much at once may be had call by call.
  if (!isParsable(text)) return { failure: "garbage", batchRefused: true };
  const judged = judgeBatch(text, count, status);
  if (Array.isArray(judged)) return { verdicts: judged };
  if (judged.kind !== "error") return { failure: "garbage", batchRefused: judged.kind === "result" };
  const { class: errorClass } = judged.judgement;
  switch (errorClass) {
    case "limited":
    case "outOfCredit":
    case "refused":
      return { failure: errorClass };
    default:
      return { failure: "unsupported", batchRefused: true };
  }
}

/** What kept nginx from getting an answer; undefined when the status is the node's own. */
export function transportFailure(
  status: number,
  header: string | undefined,
  connect: string | undefined,
  address: string | undefined,
): Failure | undefined {
  if (status !== 502 && status !== 504) return undefined;
  if (header !== undefined && /\d[^-]*$/.test(header)) return undefined;
  if (status === 504) return "timeout";
  // nginx names the upstream when none of its servers may be asked: there are as many calls as they take, or all have failed.
  if (address !== undefined && !address.includes(":")) return "capped";
  return connect !== undefined && /\d[^-]*$/.test(connect) ? "reset" : "unreachable";
}

const longestRestMs = 3_600_000;

/** `Retry-After` in ms: seconds or a date. */
export function restOf(header: string | string[] | undefined): number | undefined {
  if (typeof header !== "string") return undefined;
  const milliseconds = /^\s*\d{1,9}\s*$/.test(header)
    ? Number(header) * 1000
    : Date.parse(header) - Date.now();
  return milliseconds > 0 ? Math.min(milliseconds, longestRestMs) : undefined;
}
