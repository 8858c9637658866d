import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { writeAptFolder } from "./aptFolder";
import { debianMirrors } from "./aptSources";
import { withLock } from "./lock";
import { machineSources } from "./machineSources";
import { lastLine, run } from "./run";

const platforms: Record<string, { architecture: string; libraries: string; loader: string }> = {
  x64: { architecture: "amd64", libraries: "usr/lib/x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" },
  arm64: { architecture: "arm64", libraries: "usr/lib/aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" },
};

/** This machine, as Debian calls it, and where its packages keep libraries and the program that loads them. */
export type Platform = NonNullable<(typeof platforms)[string]>;

/** What `examine` found out: kept beside the files, so that it is asked once. */
export type Facts = Record<string, string>;
const factsFile = z.record(z.string(), z.string());

export interface PackagesOptions {
  /** Folder for the unpacked files; its parent is made. Its name ends with a number that is raised when the recipe changes. */
  folder: (platform: Platform) => string;
  suite: string;
  packages: string[];
  /** Contents of dpkg's status file: what counts as installed and is not fetched. Default: nothing. */
  installed?: string;
  /** Only these packages, without what they depend on. */
  alone?: boolean;
  /** What they are for, in messages. */
  purpose: string;
  /** Whether the unpacked files work. @throws when they don't */
  examine: (root: string, platform: Platform) => Promise<Facts>;
  /** A quick look whether they still do, whenever they are found unpacked. @throws when they don't: they are fetched anew */
  lookAgain?: (root: string, platform: Platform) => Promise<unknown>;
  report: (line: string) => void;
}

export interface UnpackedPackages {
  root: string;
  platform: Platform;
  facts: Facts;
}

/**
 * Debian packages, unpacked into a folder that stays. Needs apt and dpkg, but no root, and changes nothing on the system.
 * @throws when the machine has no Debian mirror among its sources, or a step fails
 */
export async function unpackedPackages(options: PackagesOptions): Promise<UnpackedPackages> {
  const platform = platforms[process.arch];
  if (process.platform !== "linux" || !platform) {
    throw new Error(`not possible on ${process.platform} ${process.arch}`);
  }
  const root = options.folder(platform);
  const ready = await readFacts(root, platform, options);
  if (ready) return { root, platform, facts: ready };
  await mkdir(dirname(root), { recursive: true });
  return withLock(`${root}.lock`, options.report, async () => {
    const facts = (await readFacts(root, platform, options)) ?? (await install(root, platform, options));
    return { root, platform, facts };
  });
}

async function readFacts(
  root: string,
  platform: Platform,
  { lookAgain }: PackagesOptions,
): Promise<Facts | undefined> {
  try {
    const facts = factsFile.parse(JSON.parse(await readFile(join(root, "installation.json"), "utf8")));
    await lookAgain?.(root, platform);
    return facts;
  } catch {
    return undefined;
  }
}

async function install(folder: string, platform: Platform, options: PackagesOptions): Promise<Facts> {
  const mirrors = debianMirrors(await machineSources());
  if (mirrors.length === 0) throw new Error("no Debian mirror among this machine's package sources");
  const work = await mkdtemp(`${folder}.part-`);
  try {
    const failures: string[] = [];
    for (const mirror of mirrors) {
      try {
        await unpack(work, mirror, platform, options);
        failures.length = 0;
        break;
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    if (failures.length > 0) throw new Error(failures.join("; "));
    const root = join(work, "root");
    const facts = await options.examine(root, platform);
    await writeFile(join(root, "installation.json"), `${JSON.stringify(facts)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(root, folder);
    return facts;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpack(
  work: string,
  mirror: { uri: string; signedBy?: string },
  { architecture }: Platform,
  { suite, packages, installed = "", alone, purpose, report }: PackagesOptions,
): Promise<void> {
  const configuration = await writeAptFolder(work, { mirror, suite, architecture, installed });
  const apt = ["apt-get", "-q", "-c", configuration];
  report(`Reading Debian ${suite}'s package list (${hostOf(mirror.uri)}) for ${purpose}`);
  await must([...apt, "update"], 180_000);
  report(`Fetching ${packages.join(", ")}${alone ? "" : " and the libraries they need"}`);
  const archives = join(work, "archives");
  const fetch = alone
    ? ["download", ...packages]
    : ["install", "--yes", "--no-install-recommends", "--download-only", ...packages];
  await must([...apt, ...fetch], 600_000, archives);
  const files = (await readdir(archives)).filter((name) => name.endsWith(".deb"));
  if (files.length === 0) throw new Error("apt-get downloaded nothing");
  report(`Unpacking ${files.length} packages`);
  const next = async (): Promise<void> => {
    for (let file = files.pop(); file !== undefined; file = files.pop()) {
      await must(["dpkg-deb", "--extract", join(archives, file), join(work, "root")], 300_000);
    }
  };
  await Promise.all([next(), next()]);
}

async function must(command: string[], timeoutMs: number, directory?: string): Promise<void> {
  const { code, stderr } = await run(command, {
    timeoutMs,
    directory,
    environment: { DEBIAN_FRONTEND: "noninteractive" },
  });
  if (code === 0) return;
  const complaint = stderr.split("\n").find((line) => line.startsWith("E:")) ?? lastLine(stderr);
  throw new Error(`${command[0]}: ${complaint || `exit status ${code}`}`);
}

/** Without credentials that a mirror's URL may carry. */
function hostOf(uri: string): string {
  return /^[a-z+]+:\/\/(?:[^@/]*@)?([^/]+)/.exec(uri)?.[1] ?? "this machine's mirror";
}
