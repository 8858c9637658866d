/**
 * Slices of valid JSON text, so that ids, params and results pass byte for byte: what `JSON.parse` reads and writes again is not
 * the same (numbers beyond 2^53, escapes). All of these expect text that `JSON.parse` accepted.
 */

/** The elements of an array, as they are written. */
export function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let at = skipSpace(text, text.indexOf("[") + 1);
  while (text[at] !== "]") {
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end));
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return elements;
}

/** The value of an object's member, as it is written; the last one where the name is repeated, as `JSON.parse` has it. */
export function memberOf(text: string, name: string): string | undefined {
  let found: string | undefined;
  let at = skipSpace(text, text.indexOf("{") + 1);
  while (text[at] !== "}") {
    const endOfName = endOfValue(text, at);
    const isIt = JSON.parse(text.slice(at, endOfName)) === name;
    const start = skipSpace(text, skipSpace(text, endOfName) + 1);
    const end = endOfValue(text, start);
    if (isIt) found = text.slice(start, end);
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return found;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 32) at++;
  return at;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        if (depth === 0) return at + 1;
        break;
      case "{":
      case "[":
        depth++;
        break;
      case "}":
      case "]":
        if (depth === 0) return trimmed(text, start, at);
        if (--depth === 0) return at + 1;
        break;
      case ",":
        if (depth === 0) return trimmed(text, start, at);
        break;
    }
  }
  return trimmed(text, start, text.length);
}

/** Index of the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

function trimmed(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) <= 32) at--;
  return at;
}
