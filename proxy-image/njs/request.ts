import { Call } from "./call";
import { rawElements, rawMembers } from "./jsonText";
import { answerText, errorMember, invalidRequest, parseError } from "./rpcError";

/** What a client sent: calls, or why there are none. */
export type ClientRequest =
  | { kind: "single"; call: Call }
  | { kind: "batch"; calls: Call[] }
  | { kind: "bad"; status: number; body: string };

/**
 * The usual spellings of a request, with `params` an array: found by two regular expressions around it. What is between them
 * is cut out as it stands once the parser has accepted it as one value, so nothing can be smuggled past the checks.
 */
const space = "[ \\t\\n\\r]*";
const member = (name: string, value: string) => `"${name}"${space}:${space}${value}`;
/** A whole number, or a string without escapes and `]`. */
const plainId = '(-?(?:0|[1-9][0-9]*)|"[ !#-\\[^-\\uffff]*")';
const version = member("jsonrpc", '"2\\.0"');
const head = new RegExp(
  `^${space}\\{${space}(${version}${space},${space})?(?:${member("id", plainId)}${space},${space})?(${version}${space},${space})?` +
    `${member("method", '"(\\w+)"')}${space},${space}${member("params", "\\[")}`,
);
const tail = new RegExp(
  `\\]${space}(?:,${space}${member("id", plainId)}${space})?(,${space}${version}${space})?\\}${space}$`,
  "y",
);

/** Reads a client's body. */
export function readRequest(text: string, batchLimit: number): ClientRequest {
  const usual = readUsual(text);
  if (usual !== undefined) return { kind: "single", call: usual };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return bad(400, "null", parseError, "The body is not JSON.");
  }
  if (!Array.isArray(parsed)) {
    const call = readElement(parsed, text);
    return call.member === undefined
      ? { kind: "single", call }
      : { kind: "bad", status: 400, body: answerText(call.idText ?? "null", call.member) };
  }
  if (parsed.length === 0) return bad(400, "null", invalidRequest, "The batch is empty.");
  if (parsed.length > batchLimit) {
    return bad(413, "null", invalidRequest, `The batch has more than ${batchLimit} calls.`);
  }
  const elements = rawElements(text);
  return {
    kind: "batch",
    calls: parsed.map((element: unknown, index) => readElement(element, elements[index]!)),
  };
}

function readUsual(text: string): Call | undefined {
  const start = head.exec(text);
  if (start === null) return undefined;
  const close = text.lastIndexOf("]");
  tail.lastIndex = close;
  const end = tail.exec(text);
  if (end === null) return undefined;
  // Exactly one of each: what is there twice is read by the careful way.
  const versions =
    (start[1] === undefined ? 0 : 1) + (start[3] === undefined ? 0 : 1) + (end[2] === undefined ? 0 : 1);
  if (versions !== 1 || (start[2] !== undefined && end[1] !== undefined)) return undefined;
  const params = text.slice(start[0].length - 1, close + 1);
  if (params !== "[]") {
    try {
      JSON.parse(params);
    } catch {
      return undefined;
    }
  }
  return new Call(start[2] ?? end[1], start[4]!, params);
}

/** One call out of parsed JSON and its text. A call that is no valid request is finished with the error. */
function readElement(parsed: unknown, text: string): Call {
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) {
    return invalid("null", "A request is a JSON object.");
  }
  const request = parsed as Record<string, unknown>;
  const raw = rawMembers(text);
  const { id, method, params } = request;
  const idIsValid = id === null || typeof id === "string" || typeof id === "number";
  const idText = idIsValid ? raw.get("id") : "null";
  if (raw.has("id") && !idIsValid) return invalid("null", "id must be a string, a number or null.");
  const known = idText ?? "null";
  if (request.jsonrpc !== "2.0") return invalid(known, 'jsonrpc must be "2.0".');
  if (typeof method !== "string" || method === "")
    return invalid(known, "method must be a non-empty string.");
  if (raw.has("params") && (params === null || typeof params !== "object")) {
    return invalid(known, "params must be an array or an object.");
  }
  return new Call(raw.has("id") ? idText : undefined, method, raw.get("params"));
}

function invalid(idText: string, message: string): Call {
  const call = new Call(idText, "", undefined);
  call.finish(errorMember(invalidRequest, message), "invalid");
  return call;
}

function bad(status: number, idText: string, code: number, message: string): ClientRequest {
  return { kind: "bad", status, body: answerText(idText, errorMember(code, message)) };
}
