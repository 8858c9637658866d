import { methodRule } from "./methodRule";
import { isIdempotent } from "./methods";

let isLight: ((method: string) => boolean) | undefined;

/** Takes the setting over; before anything asks for it. */
export function setHeavyMethods(patterns: string[]): void {
  isLight = methodRule(patterns, []);
}

/** Its answer may be long in coming, and large: it has a time limit of its own and is streamed. Only what may be sent again is. */
export function isHeavy(method: string): boolean {
  return isLight?.(method) === false && isIdempotent(method);
}
