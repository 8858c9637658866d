import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";

/** The status page as files. */
export interface PageAssets {
  html: string;
  script: string;
  style: string;
}

const folder = join(__dirname, "page");

/** Bundles the page: when the admin API starts on this machine, and into the archive of the Lambda. Same sources, same bytes. */
export function buildPage(): PageAssets {
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, "main.ts"), join(folder, "page.css")],
    outdir: "/",
    bundle: true,
    platform: "browser",
    target: ["chrome110", "firefox115", "safari16.4"],
    format: "esm",
    minify: true,
    legalComments: "none",
    logLevel: "silent",
    write: false,
  });
  const text = (suffix: string) => outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? "";
  return {
    html: readFileSync(join(folder, "page.html"), "utf8"),
    script: text(".js"),
    style: text(".css"),
  };
}
