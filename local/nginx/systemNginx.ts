import { existsSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { checkNginx, nginxBuild, UnsuitableNginxError } from "./checkNginx";
import type { NginxInstallation } from "./installation";

const moduleFile = "ngx_http_js_module.so";

/** nginx is often installed where only root's PATH leads. */
const usualFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/nginx/sbin"];

/** An nginx that is installed on this machine already. @throws UnsuitableNginxError */
export async function systemNginx(
  searchPath = [process.env.PATH ?? "", ...usualFolders].join(delimiter),
): Promise<NginxInstallation> {
  const programs = programFiles(searchPath);
  if (programs.length === 0) throw new UnsuitableNginxError("not installed");
  const complaints: string[] = [];
  for (const program of programs) {
    try {
      const command = [program];
      const module = await findModule(command);
      const versions = await checkNginx(command, module);
      return { command, module, ...versions, source: "system" };
    } catch (error) {
      if (!(error instanceof UnsuitableNginxError)) throw error;
      complaints.push(`${program}: ${error.message}`);
    }
  }
  throw new UnsuitableNginxError(complaints.join("; "));
}

function programFiles(searchPath: string): string[] {
  const files = searchPath
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, "nginx"));
  return [...new Set(files)].filter((file) => existsSync(file));
}

async function findModule(command: readonly string[]): Promise<string> {
  const { configureArguments } = await nginxBuild(command);
  const argument = (name: string) => new RegExp(`--${name}='?([^'\\s]+)`).exec(configureArguments)?.[1];
  const prefix = argument("prefix") ?? "/usr/local/nginx";
  const folders = [
    argument("modules-path"),
    join(prefix, "modules"),
    "/usr/lib/nginx/modules",
    "/usr/lib64/nginx/modules",
  ];
  const module = folders
    .filter((folder) => folder !== undefined)
    .map((folder) => join(isAbsolute(folder) ? folder : join(prefix, folder), moduleFile))
    .find((file) => existsSync(file));
  if (!module) throw new UnsuitableNginxError(`its njs module (${moduleFile}) is not installed`);
  return module;
}
