import path from "node:path";
import { ownSuite } from "../../local/debian/aptFolder";
import { run } from "../../local/debian/run";
import { unpackedPackages } from "../../local/debian/unpackedPackages";

const cache = path.resolve(__dirname, "../../.cache/promtool");
/** Raised when the recipe changes. */
const recipe = 1;
const program = "usr/bin/promtool";

/** Path of promtool: that of this machine, else Debian's, unpacked into the cache. @throws Error that says why there is none */
export async function ensurePromtool(report: (line: string) => void): Promise<string> {
  const isUsable = async (file: string) => (await run([file, "--version"], { timeoutMs: 10_000 })).code === 0;
  if (process.env.PROMTOOL !== "unpacked" && (await isUsable("promtool"))) return "promtool";
  const suite = await ownSuite();
  if (!suite) throw new Error("not possible: this machine does not run Debian");
  const { root } = await unpackedPackages({
    folder: ({ architecture }) => path.join(cache, `debian-${suite}-${architecture}-${recipe}`),
    suite,
    packages: ["prometheus"],
    // It needs the C library only; the rest is for the server.
    alone: true,
    purpose: "promtool",
    examine: async (unpacked) => {
      if (!(await isUsable(path.join(unpacked, program)))) throw new Error("promtool does not run");
      report(`promtool is ready in ${cache}`);
      return {};
    },
    report,
  });
  return path.join(root, program);
}
