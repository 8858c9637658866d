import { mkdirSync } from "node:fs";
import path from "node:path";
import { build, type Plugin } from "esbuild";

/**
 * Bundles the scripts that run inside nginx to `main.js` and `guard.js` in `folder`. Maps beside them tell what an error's place was
 * called.
 * @returns the folder, for `{{njsDirectory}}`
 */
export async function buildNjs(folder: string, plugins: Plugin[] = []): Promise<string> {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: { main: path.join(__dirname, "main.ts"), guard: path.join(__dirname, "guardMain.ts") },
    outdir: folder,
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
