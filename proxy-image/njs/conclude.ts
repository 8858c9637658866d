import { transactionHash } from "../../functions/domain/transactionHash";
import type { Call, Outcome } from "./call";
import { endPinned } from "./filters";
import { errorMember, internalError, limitExceeded } from "./rpcError";
import type { Failure, Node } from "./types";

/** Ends a call for which no node is left: with the best that was heard, else with an error that says what happened. */
export function conclude(call: Call): void {
  if (endPinned(call)) return;
  const { fallback, failures } = call;
  if (fallback !== undefined) {
    // An error that the table does not know is believed when all say it: then it is about the call.
    const isBelieved =
      fallback.failure !== "trouble" ||
      (!fallback.disagreed && failures!.every(({ failure }) => failure === "trouble"));
    if (isBelieved) {
      finishWithNode(call, fallback.member, fallback.outcome, fallback.node);
      return;
    }
  }
  const isLimited = call.restMs > 0;
  const message = isLimited ? "All nodes have as many calls as they may get." : describe(failures ?? []);
  call.finish(errorMember(isLimited ? limitExceeded : internalError, message), "failed");
}

/** Ends a call with what a node said. Error texts of providers have been seen to quote the key. */
export function finishWithNode(call: Call, member: string, outcome: Outcome, node: Node): void {
  call.finish(outcome === "error" ? withoutSecrets(member, node.secrets) : member, outcome, node);
}

/** A transaction that the node has already is sent: its sender gets the hash, as for the first time. */
export function finishKnown(call: Call, member: string, node: Node): void {
  const isSend = call.method === "eth_sendRawTransaction" && call.paramsText !== undefined;
  const hash = isSend ? transactionHash((JSON.parse(call.paramsText!) as unknown[])[0]) : undefined;
  if (hash === undefined) finishWithNode(call, member, "error", node);
  else call.finish(`"result":"${hash}"`, "ok", node);
}

/** Errors nobody knows are passed on when every node that was asked says the same. */
export function rememberUnknown(call: Call, node: Node, member: string): void {
  const known = call.fallback;
  if (known === undefined) call.fallback = { member, node, outcome: "error", failure: "trouble" };
  else if (known.failure === "trouble" && known.member !== member) known.disagreed = true;
}

function withoutSecrets(member: string, secrets: string[]): string {
  const plain = member.includes("\\u00") ? member.replace(asciiEscape, decoded) : member;
  let clean = member;
  for (const secret of secrets) {
    if (plain !== member && plain.includes(secret)) clean = plain;
  }
  for (const secret of secrets) clean = clean.replaceAll(secret, "…");
  if (clean === member || isMember(clean)) return clean;
  // What looks like a secret was a number, or the name of a member.
  return errorMember(internalError, "The node's error can't be shown.");
}

function isMember(text: string): boolean {
  try {
    const { error } = JSON.parse(`{${text}}`) as { error?: { code?: unknown; message?: unknown } };
    return typeof error?.code === "number" && typeof error.message === "string";
  } catch {
    return false;
  }
}

/** Letters and the like in JSON's escapes, in which a key would not be found; other escapes are stepped over. */
const asciiEscape = /\\(?:u00([2-7][0-9a-f])|.)/gi;

function decoded(written: string, hex: string | undefined): string {
  if (hex === undefined) return written;
  const character = String.fromCharCode(Number.parseInt(hex, 16));
  return character === '"' || character === "\\" || character === "\x7f" ? written : character;
}

const words: Record<Failure, string> = {
  unreachable: "could not be reached",
  reset: "broke the connection",
  timeout: "did not answer in time",
  http: "answered with an HTTP error",
  garbage: "gave no valid answer",
  outOfCredit: "had no credit left",
  limited: "limited the rate",
  refused: "refused access",
  unsupported: "did not support the method",
  missingData: "did not have the data",
  rangeTooWide: "found the range too wide",
  trouble: "had an internal error",
  nullResult: "did not have the data",
  tooLarge: "sent too large an answer",
  farAhead: "was far ahead of the others",
  behind: "was behind the others",
  unconfirmed: "said what nobody confirmed",
  capped: "had as many calls as it takes",
};

/** `No node could answer: 2 of 3 nodes did not answer in time, 1 could not be reached.` */
function describe(failures: { node: Node; failure: Failure }[]): string {
  const last = new Map<Node, Failure>();
  for (const { node, failure } of failures) last.set(node, failure);
  if (last.size === 0) return "No node could be asked in time.";
  const counts = new Map<string, number>();
  for (const failure of last.values()) counts.set(words[failure], (counts.get(words[failure]) ?? 0) + 1);
  const parts = [...counts].map(([what, count]) => `${count} ${what}`);
  return `No node could answer (${last.size} tried): ${parts.join(", ")}.`;
}

/** 429 when nodes may be called again in a moment, 504 when nothing but time ran out, else 502. */
export function failureStatus(call: Call): number {
  if (call.restMs > 0) return 429;
  const all = call.failures;
  return all !== undefined && all.length > 0 && all.every(({ failure }) => failure === "timeout") ? 504 : 502;
}
