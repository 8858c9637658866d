import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cache, debianMirror, must, type Runner } from "./tools";

/** Stands in for both base images, which no registry is asked for: Debian with nginx, njs and Node. */
export const baseImage = "localhost/jsonrpc-gateway-base:1";
const suite = "forky";
const packages = ["nginx", "libnginx-mod-http-js", "nodejs", "ca-certificates"];

/** A buildah command with a storage of our own, which works without overlay file systems and without a kernel's help. */
export function buildah(...args: string[]): string[] {
  const storage = ["--root", join(cache, "storage"), "--runroot", join(cache, "run"), "--storage-driver=vfs"];
  return ["buildah", ...storage, ...args];
}

/** Makes the base image unless the cache has it. */
export async function ensureBase(runner: Runner, report: (line: string) => void): Promise<void> {
  const { code } = await runner.run(buildah("inspect", "--type", "image", baseImage));
  if (code === 0) return;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "base.part-"));
  try {
    const root = join(work, "root");
    report(`making the base image: Debian ${suite} with ${packages.join(", ")} (minutes, once)`);
    await must(
      runner,
      [
        ...["debootstrap", "--variant=minbase", `--include=${packages.join(",")}`],
        ...["--keyring=/usr/share/keyrings/debian-archive-keyring.gpg", suite, root, await debianMirror()],
        // debootstraps from before this suite had a name need to be told how
        ...(existsSync(`/usr/share/debootstrap/scripts/${suite}`)
          ? []
          : ["/usr/share/debootstrap/scripts/sid"]),
      ],
      900_000,
    );
    for (const folder of ["var/cache/apt/archives", "var/lib/apt/lists"]) {
      await rm(join(root, folder), { recursive: true, force: true });
    }
    await must(runner, ["tar", "-C", root, "--one-file-system", "-cf", join(work, "base.tar"), "."]);
    await rm(root, { recursive: true, force: true });
    await writeFile(join(work, "Containerfile"), "FROM scratch\nADD base.tar /\n");
    const build = ["build", "--isolation=chroot", "-t", baseImage, "-f", join(work, "Containerfile"), work];
    await must(runner, buildah(...build));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
