import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const keyRings = [
  "/usr/share/keyrings/debian-archive-keyring.gpg",
  "/usr/share/keyrings/debian-archive-keyring.pgp",
  "/etc/apt/trusted.gpg.d/debian-archive-keyring.gpg",
];

export interface AptFolderOptions {
  mirror: { uri: string; signedBy?: string };
  suite: string;
  architecture: string;
  /** Contents of dpkg's status file: what counts as installed. */
  installed: string;
}

/**
 * An apt that keeps everything to itself: own lists, own archive, own list of installed packages, one suite, no hooks. Proxies and
 * credentials stay those of the machine.
 * @returns the configuration's path, for `apt-get -c`; archives land in `work/archives`
 */
export async function writeAptFolder(
  work: string,
  { mirror, suite, architecture, installed }: AptFolderOptions,
): Promise<string> {
  const keyRing = [...keyRings, mirror.signedBy ?? ""].find((path) => path !== "" && existsSync(path));
  if (!keyRing) throw new Error("no Debian archive key ring (package debian-archive-keyring)");
  for (const name of ["lists/partial", "archives/partial", "root"]) {
    await rm(join(work, name), { recursive: true, force: true });
    await mkdir(join(work, name), { recursive: true });
  }
  await writeFile(join(work, "status"), installed);
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
    // Lists that nobody reads here: descriptions, contents, application catalogues.
    "Acquire::IndexTargets::deb::DEP-11",
    "Acquire::IndexTargets::deb::DEP-11-icons-small",
    "Acquire::IndexTargets::deb::DEP-11-icons",
    "Acquire::IndexTargets::deb::DEP-11-icons-hidpi",
    "Acquire::IndexTargets::deb::CNF",
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

const keptFields = /^(Package|Status|Architecture|Multi-Arch|Version|Provides|Priority|Essential):.*$/gm;

/**
 * What dpkg says is installed on this machine, but for packages whose name matches. Without what those need of each other: apt would
 * first want to repair what the missing ones break.
 */
export async function installedHere(except: RegExp): Promise<string> {
  const status = await readFile("/var/lib/dpkg/status", "utf8");
  return status
    .split(/\n\n+/)
    .filter((stanza) => stanza !== "" && !except.test(/^Package: (\S+)/m.exec(stanza)?.[1] ?? ""))
    .map((stanza) => `${(stanza.match(keptFields) ?? []).join("\n")}\n\n`)
    .join("");
}

/** Name of the Debian release that this machine runs; undefined when it is another system. */
export async function ownSuite(): Promise<string | undefined> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  const field = (name: string) => new RegExp(`^${name}="?([\\w.-]+)"?$`, "m").exec(text)?.[1];
  return field("ID") === "debian" ? field("VERSION_CODENAME") : undefined;
}
