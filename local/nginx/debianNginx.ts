import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { debianMirrors } from "./aptSources";
import { checkNginx, nginxBuild } from "./checkNginx";
import type { NginxInstallation } from "./installation";
import { withLock } from "./lock";
import { machineSources } from "./machineSources";
import { lastLine, run } from "./run";

/** First Debian release whose nginx (1.30) and njs (1.0) bring what the data plane needs. */
const suite = "forky";
const packages = ["nginx", "libnginx-mod-http-js"];
/** Part of the folder's name: raised when this recipe changes, so that an old folder is not taken for a new one. */
const recipe = 1;

const platforms: Record<string, { architecture: string; libraries: string; loader: string }> = {
  x64: { architecture: "amd64", libraries: "usr/lib/x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" },
  arm64: { architecture: "arm64", libraries: "usr/lib/aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" },
};

const keyRings = [
  "/usr/share/keyrings/debian-archive-keyring.gpg",
  "/usr/share/keyrings/debian-archive-keyring.pgp",
  "/etc/apt/trusted.gpg.d/debian-archive-keyring.gpg",
];

/**
 * nginx and njs out of Debian's packages, unpacked into `cacheDirectory` and run with the C library they were
 * built for. Needs apt and dpkg, but no root, and changes nothing on the system.
 * @throws when the machine has no Debian mirror among its sources, or a step fails
 */
export async function debianNginx(
  cacheDirectory: string,
  report: (line: string) => void,
): Promise<NginxInstallation> {
  const platform = platforms[process.arch];
  if (process.platform !== "linux" || !platform) {
    throw new Error(`not possible on ${process.platform} ${process.arch}`);
  }
  const folder = join(cacheDirectory, `debian-${suite}-${platform.architecture}-${recipe}`);
  const ready = await readInstallation(folder, platform);
  if (ready) return ready;
  await mkdir(cacheDirectory, { recursive: true });
  return withLock(`${folder}.lock`, report, async () => {
    const meanwhile = await readInstallation(folder, platform);
    return meanwhile ?? install(folder, platform, report);
  });
}

type Platform = NonNullable<(typeof platforms)[string]>;
const installationFile = z.object({ version: z.string(), njsVersion: z.string() });

/** Paths are not stored: the project's folder may be moved. */
function layout(root: string, { libraries, loader }: Platform): { command: string[]; module: string } {
  const libraryPath = join(root, libraries);
  return {
    command: [join(libraryPath, loader), "--library-path", libraryPath, join(root, "usr/sbin/nginx")],
    module: join(root, "usr/lib/nginx/modules/ngx_http_js_module.so"),
  };
}

async function readInstallation(folder: string, platform: Platform): Promise<NginxInstallation | undefined> {
  try {
    const versions = installationFile.parse(
      JSON.parse(await readFile(join(folder, "installation.json"), "utf8")),
    );
    const { command, module } = layout(folder, platform);
    await nginxBuild(command);
    return { command, module, ...versions, source: "debian" };
  } catch {
    return undefined;
  }
}

async function install(
  folder: string,
  platform: Platform,
  report: (line: string) => void,
): Promise<NginxInstallation> {
  const mirrors = debianMirrors(await machineSources());
  if (mirrors.length === 0) throw new Error("no Debian mirror among this machine's package sources");
  const work = await mkdtemp(`${folder}.part-`);
  try {
    let root: string | undefined;
    const failures: string[] = [];
    for (const mirror of mirrors) {
      try {
        root = await unpack(work, mirror, platform, report);
        break;
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    if (!root) throw new Error(failures.join("; "));
    const { command, module } = layout(root, platform);
    const versions = await checkNginx(command, module);
    await writeFile(join(root, "installation.json"), `${JSON.stringify(versions)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(root, folder);
    report(`nginx ${versions.version} with njs ${versions.njsVersion} is ready in ${folder}`);
    return { ...layout(folder, platform), ...versions, source: "debian" };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpack(
  work: string,
  mirror: { uri: string; signedBy?: string },
  platform: Platform,
  report: (line: string) => void,
): Promise<string> {
  const configuration = await writeAptFolder(work, mirror, platform);
  const apt = ["apt-get", "-q", "-c", configuration];
  report(`Reading Debian ${suite}'s package list (${hostOf(mirror.uri)})`);
  await must([...apt, "update"], 180_000);
  report(`Fetching ${packages.join(", ")} and the libraries they need`);
  await must(
    [...apt, "install", "--yes", "--no-install-recommends", "--download-only", ...packages],
    600_000,
  );
  const archives = join(work, "archives");
  const files = (await readdir(archives)).filter((name) => name.endsWith(".deb"));
  if (files.length === 0) throw new Error("apt-get downloaded nothing");
  report(`Unpacking ${files.length} packages`);
  const root = join(work, "root");
  for (const file of files) await must(["dpkg-deb", "--extract", join(archives, file), root], 120_000);
  return root;
}

/**
 * An apt that keeps everything to itself: own lists, own archive, an empty list of installed packages (so that every
 * library is fetched), one suite, no hooks. Proxies and credentials stay those of the machine.
 */
async function writeAptFolder(
  work: string,
  mirror: { uri: string; signedBy?: string },
  { architecture }: Platform,
): Promise<string> {
  const keyRing = [...keyRings, mirror.signedBy ?? ""].find((path) => path !== "" && existsSync(path));
  if (!keyRing) throw new Error("no Debian archive key ring (package debian-archive-keyring)");
  for (const name of ["lists/partial", "archives/partial", "root"]) {
    await rm(join(work, name), { recursive: true, force: true });
    await mkdir(join(work, name), { recursive: true });
  }
  await writeFile(join(work, "status"), "");
  await writeFile(
    join(work, "sources.list"),
    `deb [arch=${architecture} signed-by=${keyRing}] ${mirror.uri} ${suite} main\n`,
  );
  const configuration = join(work, "apt.conf");
  const settings: Record<string, string> = {
    "Dir::State": work,
    "Dir::State::lists": join(work, "lists"),
    "Dir::State::status": join(work, "status"),
    "Dir::State::extended_states": join(work, "extended_states"),
    "Dir::Cache": work,
    "Dir::Cache::archives": join(work, "archives"),
    "Dir::Log": work,
    "Dir::Etc::sourcelist": join(work, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "APT::Architecture": architecture,
    "APT::Default-Release": "",
    // apt started by root would download as a user who may not enter this folder
    ...(process.getuid?.() === 0 ? { "APT::Sandbox::User": "root" } : {}),
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
    "Acquire::http::Timeout": "20",
    "Acquire::https::Timeout": "20",
  };
  const cleared = [
    "APT::Architectures",
    "APT::Update",
    "APT::Install",
    "DPkg::Pre-Invoke",
    "DPkg::Post-Invoke",
  ];
  await writeFile(
    configuration,
    [
      ...cleared.map((name) => `#clear ${name};`),
      ...Object.entries(settings).map(([name, value]) => `${name} "${value}";`),
      "",
    ].join("\n"),
  );
  return configuration;
}

async function must(command: string[], timeoutMs: number): Promise<void> {
  const { code, stderr } = await run(command, {
    timeoutMs,
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
