import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";

/** Where systems keep the bundle of certificate authorities. */
const certificateFiles = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Alpine
  "/etc/pki/tls/certs/ca-bundle.crt", // Amazon Linux, Fedora
  "/etc/ssl/ca-bundle.pem", // openSUSE
  "/etc/ssl/cert.pem", // Alpine, BSD, macOS
];

/** The machine's certificate authorities; those that came with Node where there are none (a slim container). */
export async function trustedCertificates(runDirectory: string, given?: string): Promise<string> {
  const file = given ?? certificateFiles.find((path) => existsSync(path));
  if (file !== undefined) return file;
  const own = join(runDirectory, "certificates.pem");
  await writeFile(own, `${rootCertificates.join("\n")}\n`);
  return own;
}

/** Workers of a master that is root would be `nobody`, who can't read our files: those hold secrets. */
export function workerUser(): string | undefined {
  return process.getuid?.() === 0 ? "root" : undefined;
}

export function hasIpv6(): true | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.some(({ family }) => family === "IPv6") || undefined;
}

/** The machine's name servers, as nginx's `resolver` takes them. */
export async function nameServers(path = "/etc/resolv.conf"): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return parseNameServers(text).join(" ") || "127.0.0.1";
}

/** Link-local servers with a zone (`fe80::1%eth0`) are left out: nginx does not take them. */
export function parseNameServers(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^\s*nameserver\s+([0-9A-Fa-f.:]+)\s*$/gm)]
    .map((match) => match[1] ?? "")
    .map((address) => (address.includes(":") ? `[${address}]` : address));
}

/**
 * The task's name: given, else the last part of the task's ARN on ECS, else made up.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
 */
export async function findTaskId(environment: NodeJS.ProcessEnv): Promise<string> {
  if (environment.TASK_ID) return environment.TASK_ID;
  const metadata = environment.ECS_CONTAINER_METADATA_URI_V4;
  if (metadata) {
    try {
      const answer = await fetch(`${metadata}/task`, { signal: AbortSignal.timeout(2_000) });
      const { TaskARN: arn } = (await answer.json()) as { TaskARN?: unknown };
      const id = typeof arn === "string" ? arn.split("/").at(-1) : undefined;
      if (id) return id;
    } catch {
      // made up below: the task serves, only its name says less
    }
  }
  return `task-${process.pid}-${Date.now().toString(36)}`;
}
