import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AptSource, parseDeb822, parseOneLine } from "./aptSources";

/** Where this machine installs packages from; empty on a machine without apt. */
export async function machineSources(): Promise<AptSource[]> {
  const sources: AptSource[] = [];
  const read = async (path: string): Promise<void> => {
    const text = await readFile(path, "utf8").catch(() => "");
    sources.push(...(path.endsWith(".sources") ? parseDeb822(text) : parseOneLine(text)));
  };
  await read("/etc/apt/sources.list");
  const parts = "/etc/apt/sources.list.d";
  for (const name of (await readdir(parts).catch(() => [])).sort()) {
    if (/\.(list|sources)$/.test(name)) await read(join(parts, name));
  }
  return sources;
}
