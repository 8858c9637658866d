import { mkdirSync } from "node:fs";
import path from "node:path";
import { build, type Plugin } from "esbuild";

/**
 * Bundles the script that runs inside nginx to `main.js` in `folder`.
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
    plugins,
  });
  return folder;
}
