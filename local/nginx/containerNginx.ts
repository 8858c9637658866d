import { mkdir } from "node:fs/promises";
import { lastLine, run } from "../debian/run";
import { checkNginx } from "./checkNginx";
import type { NginxInstallation } from "./installation";

/** The image that the proxy's own image is built on. */
const image = "nginx:1.30";
const module = "/usr/lib/nginx/modules/ngx_http_js_module.so";

/**
 * nginx in a container that shares this machine's network, process numbers and the folders given, so that it can be
 * supervised like a process. Linux only: elsewhere containers live in a virtual machine of their own.
 * @param folders every folder that nginx reads or writes, under the same path inside
 */
export async function containerNginx(
  folders: readonly string[],
  report: (line: string) => void,
): Promise<NginxInstallation> {
  if (process.platform !== "linux") throw new Error(`not possible on ${process.platform}`);
  const complaints: string[] = [];
  for (const engine of ["docker", "podman"]) {
    const answer = await run([engine, "info"], { timeoutMs: 10_000 });
    if (answer.code !== 0) {
      complaints.push(`${engine}: ${lastLine(answer.stderr) || "does not answer"}`);
      continue;
    }
    report(`Getting the image ${image} with ${engine}`);
    const pull = await run([engine, "pull", "--quiet", image], { timeoutMs: 600_000 });
    if (pull.code !== 0) {
      complaints.push(`${engine}: ${lastLine(pull.stderr)}`);
      continue;
    }
    for (const folder of folders) await mkdir(folder, { recursive: true });
    const command = containerCommand(engine, folders);
    const versions = await checkNginx(command, module, folders[0]);
    return { command, module, ...versions, source: "container" };
  }
  throw new Error(complaints.join("; "));
}

function containerCommand(engine: string, folders: readonly string[]): string[] {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  return [
    ...[engine, "run", "--rm", "--network=host", "--pid=host", `--user=${user}`],
    ...(engine === "podman" ? ["--userns=keep-id"] : []),
    ...folders.map((folder) => `--volume=${folder}:${folder}`),
    ...["--entrypoint=nginx", image],
  ];
}
