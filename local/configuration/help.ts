import { variables } from "./variables";

/** The text of `npm start -- --help`. @param columns of the terminal; a narrower one than `narrowest` has to wrap by itself */
export function helpText(columns = 100): string {
  const width = Math.max(...variables.map((variable) => variable.name.length));
  const indent = `\n${" ".repeat(width + 4)}`;
  const lines = variables.map(({ name, doc, default: fallback }) => {
    const text = wrap(`${doc} [${shorten(fallback)}]`, Math.max(columns, narrowest) - width - 4);
    return `  ${name.padEnd(width)}  ${text.join(indent)}`;
  });
  return `Runs the whole gateway on this machine: the proxy, its control plane and,
with no nodes given, demo nodes.

  npm start
  RPC_PROVIDERS_HTTP=https://one.example/key,https://two.example/key npm start

Environment, with defaults in brackets:
${lines.join("\n")}

Ctrl-C ends it.`;
}

const narrowest = 72;

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
