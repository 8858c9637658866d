import { classifyError, type Judgement } from "../../functions/domain/providerErrors";
import { rawElements, rawMembers, skipValue } from "./jsonText";

/** What a node said to one call. */
export type Verdict =
  | { kind: "result"; member: string; isNull: boolean }
  | { kind: "error"; member: string; message: string; judgement: Judgement }
  | { kind: "garbage" };

const garbage: Verdict = { kind: "garbage" };

/** Spellings of the start of an answer; `id` may come after the result. */
const anyStart =
  /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?(?:"id"\s*:\s*(\d+)\s*,\s*)?(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"result"\s*:\s*/;
const idAtEnd = /,\s*"id"\s*:\s*(\d+)\s*$/;

/** Values up to this length are checked by parsing them, at 5 ms a MiB; of longer ones the brackets are counted, at half of that. */
const longestParsed = 8 * 1024 * 1024;
/** Nor is a text with more brackets: each becomes an object of a hundred bytes and more, so a small text could fill the memory. */
const mostBrackets = 250_000;

/** Whether parsing the text costs neither long nor much memory. */
export function isParsable(text: string): boolean {
  if (text.length > longestParsed) return false;
  if (text.length <= mostBrackets) return true;
  return countOf("[", text, mostBrackets) + countOf("{", text, mostBrackets) <= mostBrackets;
}

function countOf(character: string, text: string, most = Number.POSITIVE_INFINITY): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1 && count <= most; at = text.indexOf(character, at + 1))
    count++;
  return count;
}

/** Judges the answer to a single request. */
export function judgeSingle(text: string, status: number, id = 1): Verdict {
  const result = usualResult(text, String(id));
  if (result !== undefined && isValue(result)) {
    return { kind: "result", member: `"result":${result}`, isNull: result === "null" };
  }
  if (!isParsable(text)) return garbage;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return garbage;
  }
  return judgeElement(parsed, text, id, status);
}

/** The text of `result` in an answer of a usual shape; it still has to be checked that it is one value. */
function usualResult(text: string, id: string): string | undefined {
  let end = text.length - 1;
  while (end > 0 && text.charCodeAt(end) <= 32) end--;
  if (text.charCodeAt(end) !== 125) return undefined;
  // How nearly every node begins.
  const usualStart = `{"jsonrpc":"2.0","id":${id},"result":`;
  if (text.startsWith(usualStart)) return text.slice(usualStart.length, end);
  const start = anyStart.exec(text.slice(0, 200));
  if (start === null) return undefined;
  if (start[1] === id) return text.slice(start[0].length, end).trimEnd();
  const atEnd = start[1] === undefined ? idAtEnd.exec(text.slice(Math.max(0, end - 60), end)) : null;
  return atEnd?.[1] === id ? text.slice(start[0].length, end - atEnd[0].length).trimEnd() : undefined;
}

function isValue(text: string): boolean {
  if (!isParsable(text)) return looksWhole(text);
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A text that was cut off has more opening brackets than closing ones. Where strings have brackets too, those are left out. */
function looksWhole(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  switch (text.charCodeAt(0)) {
    case 34:
      return last === 34 && text.indexOf('"', 1) === text.length - 1;
    case 91:
      return last === 93 && isBalanced(text);
    case 123:
      return last === 125 && isBalanced(text);
    default:
      return false;
  }
}

function isBalanced(text: string): boolean {
  if (countOf("[", text) === countOf("]", text) && countOf("{", text) === countOf("}", text)) return true;
  return skipValue(text, 0, mostBrackets) === text.length;
}

/**
 * Judges the answer to a batch with the ids 1 to `count`, which must be parsable.
 * @returns by id − 1; undefined where the node left one out. Or one verdict when the node answered the batch as a whole.
 */
export function judgeBatch(text: string, count: number, status: number): (Verdict | undefined)[] | Verdict {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return garbage;
  }
  if (!Array.isArray(parsed)) return judgeElement(parsed, text, null, status);
  const verdicts: (Verdict | undefined)[] = new Array(count).fill(undefined);
  const elements = rawElements(text);
  parsed.forEach((element: unknown, index) => {
    const id = (element as { id?: unknown } | null)?.id;
    if (typeof id !== "number" || !Number.isInteger(id) || id < 1 || id > count) return;
    verdicts[id - 1] ??= judgeElement(element, elements[index]!, id, status);
  });
  return verdicts;
}

function judgeElement(parsed: unknown, text: string, id: number | null, status: number): Verdict {
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) return garbage;
  const answer = parsed as Record<string, unknown>;
  if (answer.error !== undefined && answer.error !== null) return judgeError(answer, text, id, status);
  if (answer.id !== id || answer.result === undefined || status >= 400) return garbage;
  return {
    kind: "result",
    member: `"result":${rawMembers(text).get("result")}`,
    isNull: answer.result === null,
  };
}

/** A node that could not read the request answers with id null; some leave the id out. */
function judgeError(
  answer: Record<string, unknown>,
  text: string,
  id: number | null,
  status: number,
): Verdict {
  if (answer.id !== id && answer.id !== null && answer.id !== undefined) return garbage;
  const error = answer.error as { code?: unknown; message?: unknown } | string;
  const isObject = typeof error === "object" && !Array.isArray(error);
  const code = isObject && typeof error.code === "number" ? error.code : undefined;
  const message = isObject ? error.message : error;
  const said = typeof message === "string" ? message : "";
  const judgement = classifyError({ code, message: said, status });
  const isWellFormed = code !== undefined && Number.isInteger(code) && typeof message === "string";
  const member = isWellFormed
    ? `"error":${rawMembers(text).get("error")}`
    : `"error":{"code":${Number.isInteger(code) ? code : -32000},"message":${JSON.stringify(said || "The node gave no message.")}}`;
  return { kind: "error", member, message: said, judgement };
}
