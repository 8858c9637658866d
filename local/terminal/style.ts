import { styleText } from "node:util";

type Colour = Parameters<typeof styleText>[0];

/** Colours a text, or not. */
export type Style = (colour: Colour, text: string) => string;

export const plain: Style = (_, text) => text;
const coloured: Style = (colour, text) => styleText(colour, text);

/** Colours are for terminals, and not for those who set NO_COLOR. @see https://no-color.org */
export function styleFor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): Style {
  return stream.isTTY && !environment.NO_COLOR && environment.TERM !== "dumb" ? coloured : plain;
}
