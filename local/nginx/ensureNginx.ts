import { join, resolve } from "node:path";
import { containerNginx } from "./containerNginx";
import { debianNginx } from "./debianNginx";
import { type NginxInstallation, NginxUnavailableError } from "./installation";
import { systemNginx } from "./systemNginx";

export { type NginxInstallation, NginxUnavailableError } from "./installation";

export interface EnsureNginxOptions {
  /** Where unpacked packages are kept; default `.cache/nginx` of the project, or `NGINX_CACHE_DIRECTORY`. */
  cacheDirectory?: string;
  /** Folders that nginx will work in; a container sees only these. */
  folders?: string[];
}

const project = resolve(__dirname, "../..");

/**
 * Finds an nginx that can run the proxy, or fetches one: from the system, from Debian's packages into a cache
 * folder, from a container image.
 * @throws NginxUnavailableError
 */
export async function ensureNginx(
  report: (line: string) => void,
  options: EnsureNginxOptions = {},
): Promise<NginxInstallation> {
  const cacheDirectory = resolve(
    options.cacheDirectory ?? process.env.NGINX_CACHE_DIRECTORY ?? join(project, ".cache/nginx"),
  );
  const folders = [cacheDirectory, project, ...(options.folders ?? [])];
  const ways: [string, () => Promise<NginxInstallation>][] = [
    ["nginx of this machine", () => systemNginx()],
    ["Debian packages", () => debianNginx(cacheDirectory, report)],
    ["container", () => containerNginx(folders, report)],
  ];
  const tried: { way: string; why: string }[] = [];
  for (const [way, find] of ways) {
    try {
      return await find();
    } catch (error) {
      tried.push({ way, why: error instanceof Error ? error.message : String(error) });
    }
  }
  throw new NginxUnavailableError(tried);
}
