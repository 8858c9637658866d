import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { buildPage } from "../functions/handlers/admin/buildPage";

const root = join(__dirname, "..");
const finished = new Map<string, string>();

/**
 * One file with a function's entry point (`infra/functions/<entry>.ts`) and all it needs, packages included, so that its
 * archive holds nothing else: packages captured by a Pulumi closure come as whole folders (54 MB for a small handler).
 * The same sources give the same bytes.
 * @returns path from the project's folder, which is also the path in the archive
 */
export function bundleFunction(entry: string): string {
  const done = finished.get(entry);
  if (done) return done;
  const path = `dist/functions/${entry}.js`;
  const result = buildSync({
    absWorkingDir: root,
    entryPoints: [`infra/functions/${entry}.ts`],
    bundle: true,
    platform: "node",
    // The oldest runtime that may run it.
    target: "node20",
    format: "cjs",
    mainFields: ["module", "main"],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    loader: { ".ejs": "text" },
    define: constantsOf(entry),
    logLevel: "silent",
    write: false,
  });
  writeIfDifferent(join(root, path), result.outputFiles[0]!.text);
  finished.set(entry, path);
  return path;
}

/** What is made when the archive is: the admin API carries its page. */
function constantsOf(entry: string): Record<string, string> {
  return entry === "admin" ? { PAGE: JSON.stringify(buildPage()) } : {};
}

/** What the callback requires in its archive, where the bundle has the path it has here. */
export function bundlePath(entry: string): string {
  return `./dist/functions/${entry}.js`;
}

/** A file that is there already stays untouched: two builds at once must not see half of it. */
function writeIfDifferent(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/** Names of all packages this project depends on: none of them goes into an archive as a folder. */
export function packageNames(): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return Object.keys(dependencies);
}
