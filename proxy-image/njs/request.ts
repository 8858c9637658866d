import { Call } from "./call";
import { rawElements, rawMembers } from "./jsonText";
import { answerText, errorMember, invalidRequest, parseError } from "./rpcError";

/** What a client sent: calls, or why there are none. */
export type ClientRequest =
  | { kind: "single"; call: Call }
  | { kind: "batch"; calls: Call[] }
  | { kind: "bad"; status: number; body: string };

/** Reads a client's body. */
export function readRequest(text: string, batchLimit: number): ClientRequest {
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
