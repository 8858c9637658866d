import { inspect } from "node:util";

type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "magenta" | "cyan";

/** Colours a text, or not. */
export type Style = (colour: Colour, text: string) => string;

export const plain: Style = (_, text) => text;
const coloured: Style = (colour, text) => {
  const [on, off] = inspect.colors[colour]!;
  return `\u001b[${on}m${text}\u001b[${off}m`;
};

/** Colours are for terminals, and not for those who set NO_COLOR. @see https://no-color.org */
export function styleFor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): Style {
  return stream.isTTY && !environment.NO_COLOR && environment.TERM !== "dumb" ? coloured : plain;
}
