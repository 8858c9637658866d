import { variables } from "./variables";

/** The text of `npm start -- --help`. */
export function helpText(): string {
  const width = Math.max(...variables.map((variable) => variable.name.length));
  const lines = variables.map(
    ({ name, doc, default: fallback }) => `  ${name.padEnd(width)}  ${doc} [${shorten(fallback)}]`,
  );
  return `Runs the whole gateway on this machine: the proxy, its control plane and, with no nodes given, demo nodes.

  npm start
  RPC_PROVIDERS_HTTP=https://one.example/key,https://two.example/key npm start

Environment, with defaults in brackets:
${lines.join("\n")}

Ctrl-C ends it.`;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
