/**
 * Reading JSON without losing a digit: values are validated by the engine's own parser and then cut out of the text as they stand.
 * All functions here expect text that `JSON.parse` has accepted.
 */

const structure = /["[\]{}]/g;
const literal = /[^,\]}\s]+/y;
const space = /\s*/y;

/** Index of the first character at or after `index` that is not white space. */
function skipSpace(text: string, index: number): number {
  if (text.charCodeAt(index) > 32) return index;
  space.lastIndex = index;
  space.test(text);
  return space.lastIndex;
}

/** Index just behind the string whose opening quote is at `index`. */
function skipString(text: string, index: number): number {
  let end = text.indexOf('"', index + 1);
  while (end !== -1) {
    let before = end - 1;
    while (text.charCodeAt(before) === 92) before--;
    if ((end - before) % 2 === 1) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/**
 * Index just behind the value that starts at `index`; the end of the text when it does not end before.
 * @param mostSteps brackets and strings after which the search is given up with −1
 */
export function skipValue(text: string, index: number, mostSteps = Number.POSITIVE_INFINITY): number {
  const first = text.charCodeAt(index);
  if (first === 34) return skipString(text, index);
  if (first !== 123 && first !== 91) {
    literal.lastIndex = index;
    return literal.test(text) ? literal.lastIndex : text.length;
  }
  let depth = 0;
  let at = index;
  for (let steps = 0; steps < mostSteps; steps++) {
    structure.lastIndex = at;
    const found = structure.exec(text);
    if (found === null) return text.length;
    const character = text.charCodeAt(found.index);
    if (character === 34) {
      at = skipString(text, found.index);
      continue;
    }
    at = found.index + 1;
    depth += character === 123 || character === 91 ? 1 : -1;
    if (depth === 0) return at;
  }
  return -1;
}

/** The members of the object at `index` as raw text. Of members with the same name the last one counts, as in `JSON.parse`. */
export function rawMembers(text: string, index = 0): Map<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(text, skipSpace(text, index) + 1);
  while (text.charCodeAt(at) === 34) {
    const keyEnd = skipString(text, at);
    const key = text.slice(at + 1, keyEnd - 1);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    members.set(key.includes("\\") ? String(JSON.parse(`"${key}"`)) : key, text.slice(valueStart, valueEnd));
    at = skipSpace(text, valueEnd);
    if (text.charCodeAt(at) !== 44) break;
    at = skipSpace(text, at + 1);
  }
  return members;
}

/** The elements of the array in `text` as raw text. */
export function rawElements(text: string): string[] {
  const elements: string[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (at < text.length && text.charCodeAt(at) !== 93) {
    const end = skipValue(text, at);
    elements.push(text.slice(at, end));
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== 44) break;
    at = skipSpace(text, at + 1);
  }
  return elements;
}
