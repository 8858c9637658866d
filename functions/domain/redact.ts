import type { RegisteredNode } from "./node";

const hidden = "…";

/** `https://user:pass@host:8545/v3/key?x` → `https://host:8545/…`: what a log, an answer or a page may show. */
export function redactUrl(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(url);
  if (!match) return hidden;
  const authority = (match[2] ?? "").replace(/^.*@/, "");
  const safe = /^[A-Za-z0-9._-]*(:\d+)?$|^\[[0-9A-Fa-f:.]+\](:\d+)?$/.test(authority) ? authority : hidden;
  return `${(match[1] ?? "").toLowerCase()}://${safe}/${hidden}`;
}

/** What a URL runs on to inside a text; JSON's escaped slashes (`\/`) belong to it. */
const urlInText = /\b(?:https?|wss?):(?:\\?\/){2}(?:\\\/|[^\s"'`<>\\])*/gi;
/** `user:pass@host` without a scheme. The bounds keep hostile text from taking quadratic time. */
const userinfoInText = /(?<![^\s"'`<>/@:,])[^\s"'`<>/@:,]{1,300}:[^\s"'`<>/@]{1,300}@(?=[A-Za-z0-9[])/g;
/**
 * The fields of nginx's error log that quote the client's request, the subrequest and the page it came from. nginx neither
 * escapes quotes in them nor closes them when a line gets too long, so a value runs on to the next field or the line's end.
 */
const nextField = /, (?=[a-z]+: ")/;
const requestField = /\b(request|subrequest|referrer|login): "([A-Z]{1,20} )?.*?( HTTP\/[\d.]+)?"?$/;
/** `Authorization: Bearer x`, `api-key=x`, `"token":"x"` */
const credentialInText =
  /\b(authorization|bearer|basic|token|secret|password|passwd|(?:x-)?api[-_]?key|access[-_]?key|project[-_ ]?id)\b((?:["']?\s*[:=]\s*["']?|\s+)(?:(?:bearer|basic)\s+)?)(?:[^\s"',;&]{4,})/gi;
/** A caller's key, or the beginning of one. */
const callersKeyInText = /(?<![A-Za-z0-9])gw_[A-Za-z0-9_-]+/g;
/** Anything long with letters and digits mixed: what keys of providers look like (Infura 32, Alchemy 32, QuickNode 40, UUIDs 36). */
const keyInText = /(?<![A-Za-z0-9_-])(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{20,}/g;

/**
 * Takes out of a text whatever may be (part of) a provider's URL or a caller's key: for error messages and for nginx's
 * error log. It errs on the side of hiding: long hex (a block hash) goes too. Short secrets outside of a URL are only
 * recognised by `createRedactor`, which is told them.
 */
export function redactText(text: string): string {
  return text
    .replace(urlInText, (url) => redactUrl(url.replaceAll("\\/", "/")))
    .split("\n")
    .map(redactFields)
    .join("\n")
    .replace(userinfoInText, `${hidden}@`)
    .replace(credentialInText, (_, word: string, separator: string) => `${word}${separator}${hidden}`)
    .replace(callersKeyInText, hidden)
    .replace(keyInText, hidden);
}

function redactFields(line: string): string {
  if (!line.includes(': "')) return line;
  return line
    .split(nextField)
    .map((part) =>
      part.replace(requestField, (_, field: string, method = "", protocol = "") => {
        return `${field}: "${method}${hidden}${protocol}"`;
      }),
    )
    .join(", ");
}

/** Path segments that everybody has: hiding them would make texts unreadable and give nothing away. */
const commonWords = new Set(["mainnet", "ethereum", "sepolia", "holesky", "polygon", "optimism", "arbitrum"]);
/** Shorter parts (`v2`, `rpc`) are no secrets by themselves. */
const shortestSecret = 6;

/** Everything about a node that must not be seen: parts of its URLs and the values of its headers. */
export function secretsOf(node: Pick<RegisteredNode, "url" | "wsUrl" | "headers">): string[] {
  const secrets = new Set<string>();
  const add = (text: string) => {
    for (const form of [text, decoded(text)]) {
      if (form.length >= shortestSecret && !commonWords.has(form.toLowerCase())) secrets.add(form);
    }
  };
  for (const url of [node.url, node.wsUrl]) for (const part of urlParts(url)) add(part);
  for (const value of Object.values(node.headers ?? {}))
    for (const part of [value, ...value.split(" ")]) add(part);
  return [...secrets];
}

/** A `redactText` that also takes out the given secrets, wherever and in whatever surroundings they stand. */
export function createRedactor(secrets: Iterable<string>): (text: string) => string {
  // Longest first, or a secret that contains another one would be left in pieces.
  const known = [...new Set(secrets)].filter((s) => s.length > 0).sort((a, b) => b.length - a.length);
  if (known.length === 0) return redactText;
  const pattern = new RegExp(known.map((s) => s.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&")).join("|"), "g");
  return (text) => redactText(redactText(text).replace(pattern, hidden));
}

function urlParts(url: string | undefined): string[] {
  if (url === undefined || !URL.canParse(url)) return [];
  const parsed = new URL(url);
  const query = parsed.search.slice(1);
  return [
    ...parsed.pathname.split("/"),
    ...query.split(/[&=]/),
    query,
    parsed.username,
    parsed.password,
    // As the node gets them, and may quote them.
    parsed.username && btoa(`${decoded(parsed.username)}:${decoded(parsed.password)}`),
  ].filter(Boolean);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
