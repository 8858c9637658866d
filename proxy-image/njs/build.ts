import { mkdirSync } from "node:fs";
import path from "node:path";
import { build, type Plugin } from "esbuild";

/**
 * Bundles the script that runs inside nginx to `main.js` in `folder`. `main.js.map` beside it tells what an error's place was called.
 * @returns the folder, for `{{njsDirectory}}`
 */
export async function buildNjs(folder: string, plugins: Plugin[] = []): Promise<string> {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [path.join(__dirname, "main.ts")],
    outfile: path.join(folder, "main.js"),
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    external: ["crypto", "fs"],
    legalComments: "none",
    // A context keeps the text of all functions, and there is one for each call under way: short names and no blanks take an eighth off.
    // Not what else minifying does: the engine is quicker with the code as it was written.
    minifyWhitespace: true,
    minifyIdentifiers: true,
    sourcemap: "external",
    plugins,
  });
  return folder;
}
