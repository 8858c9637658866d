import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { installedHere, ownSuite } from "../../local/debian/aptFolder";
import { lastLine, run } from "../../local/debian/run";
import { type Facts, type Platform, unpackedPackages } from "../../local/debian/unpackedPackages";

/** A browser that tests can drive. */
export interface Chromium {
  executablePath: string;
  environment: NodeJS.ProcessEnv;
  version: string;
}

const usualPlaces = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const cache = path.resolve(__dirname, "../../.cache/chromium");
/** Raised when the recipe changes. */
const recipe = 1;
const program = "usr/lib/chromium/chromium-headless-shell";

/**
 * A Chromium or Chrome of this machine (`CHROMIUM` names another one; `unpacked`: none of those), else Debian's, unpacked
 * into the cache with the libraries that this machine lacks.
 * @throws Error that says why there is none
 */
export async function ensureChromium(report: (line: string) => void): Promise<Chromium> {
  const { CHROMIUM: wanted = "", CHROMIUM_UNAVAILABLE: unavailable } = process.env;
  if (unavailable) throw new Error(unavailable);
  const places = wanted === "unpacked" ? [] : [wanted, ...usualPlaces];
  const found = places.find((file) => file !== "" && existsSync(file));
  if (found) return { executablePath: found, environment: process.env, version: "of this machine" };
  return unpackedChromium(report);
}

async function unpackedChromium(report: (line: string) => void): Promise<Chromium> {
  // Of this machine's own release: it runs with the machine's C library.
  const suite = await ownSuite();
  if (!suite) throw new Error("not possible: this machine does not run Debian");
  const { root, platform, facts } = await unpackedPackages({
    folder: ({ architecture }) => path.join(cache, `debian-${suite}-${architecture}-${recipe}`),
    suite,
    packages: ["chromium-headless-shell", "fonts-dejavu-core"],
    // Fonts are looked for beside Chromium only, so that pages look the same everywhere.
    installed: await installedHere(/^(chromium|fonts-dejavu)/),
    purpose: "Chromium",
    examine: async (unpacked, itsPlatform) => {
      const facts = await examine(unpacked, itsPlatform);
      report(`${facts.version} is ready in ${cache}`);
      return facts;
    },
    report,
  });
  await writeFontConfiguration(root);
  return {
    executablePath: path.join(root, program),
    environment: environmentOf(root, platform),
    version: facts.version ?? "",
  };
}

/** Lets it render a page without a driver. */
async function examine(root: string, platform: Platform): Promise<Facts> {
  await writeFontConfiguration(root);
  const page = "data:text/html,<p id=p></p><script>p.textContent=String(p.offsetParent.tagName)+1</script>";
  const { code, stdout, stderr } = await run(
    [path.join(root, program), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page],
    { timeoutMs: 60_000, environment: environmentOf(root, platform) },
  );
  if (code !== 0 || !stdout.includes("BODY1")) {
    throw new Error(`Chromium renders nothing: ${lastLine(stderr) || `exit status ${code}`}`);
  }
  const named = await run([path.join(root, program), "--version"], {
    timeoutMs: 20_000,
    environment: environmentOf(root, platform),
  });
  return { version: lastLine(named.stdout) };
}

function environmentOf(root: string, { libraries }: Platform): NodeJS.ProcessEnv {
  const folders = [libraries, path.join("lib", path.basename(libraries)), path.join(libraries, "pulseaudio")];
  return {
    ...process.env,
    LD_LIBRARY_PATH: folders.map((folder) => path.join(root, folder)).join(":"),
    FONTCONFIG_FILE: path.join(root, "fonts.conf"),
  };
}

/** Written each time: it holds the folder's path, and the project may be moved. */
async function writeFontConfiguration(root: string): Promise<void> {
  await mkdir(path.join(root, "font-cache"), { recursive: true });
  await writeFile(
    path.join(root, "fonts.conf"),
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>${path.join(root, "usr/share/fonts")}</dir>
  <cachedir>${path.join(root, "font-cache")}</cachedir>
</fontconfig>
`,
  );
}
