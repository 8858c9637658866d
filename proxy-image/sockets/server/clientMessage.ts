import { elementsOf, memberOf } from "../core/rawJson";

/** A call that the gateway answers itself. `id` is as it was written. */
export interface LocalCall {
  kind: "subscribe" | "unsubscribe";
  id: string;
  params: readonly unknown[];
}

/** What a frame asks for. */
export type ClientMessage =
  | { kind: "garbage" }
  /** Goes to nginx as it is. */
  | { kind: "pass" }
  | { kind: "local"; call: LocalCall }
  /** A batch with at least one local call; the others by their text. */
  | { kind: "mixed"; parts: (LocalCall | string)[] };

const kinds: Partial<Record<string, LocalCall["kind"]>> = {
  eth_subscribe: "subscribe",
  eth_unsubscribe: "unsubscribe",
};

/** Reads a frame. Only valid requests are taken as local calls: nginx says what is wrong with the others. */
export function readMessage(text: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "garbage" };
  }
  if (!Array.isArray(value)) {
    const call = readLocal(value, text);
    return call ? { kind: "local", call } : { kind: "pass" };
  }
  if (!value.some((element) => isLocal(element))) return { kind: "pass" };
  const texts = elementsOf(text);
  return {
    kind: "mixed",
    parts: value.map((element: unknown, index) => readLocal(element, texts[index]!) ?? texts[index]!),
  };
}

/** Does a request want an answer? Anything but a valid notification does. */
export function wantsAnswer(text: string): boolean {
  const value: unknown = JSON.parse(text);
  const request = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return !("method" in request) || request.jsonrpc !== "2.0" || "id" in request;
}

/** The id of a request as it was written; `null` where there is none to be read. */
export function idOf(text: string): string {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "null";
  return isId((value as Record<string, unknown>).id) ? (memberOf(text, "id") ?? "null") : "null";
}

function isId(id: unknown): boolean {
  return typeof id === "string" || typeof id === "number" || id === null;
}

function isLocal(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { jsonrpc, method, id, params } = value as Record<string, unknown>;
  return (
    jsonrpc === "2.0" &&
    typeof method === "string" &&
    kinds[method] !== undefined &&
    isId(id) &&
    (params === undefined || Array.isArray(params))
  );
}

function readLocal(value: unknown, text: string): LocalCall | undefined {
  if (!isLocal(value)) return undefined;
  return {
    kind: kinds[String(value.method)]!,
    id: memberOf(text, "id") ?? "null",
    params: Array.isArray(value.params) ? value.params : [],
  };
}
