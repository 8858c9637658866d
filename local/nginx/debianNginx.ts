import { join } from "node:path";
import { type Platform, unpackedPackages } from "../debian/unpackedPackages";
import { checkNginx, nginxBuild } from "./checkNginx";
import type { NginxInstallation } from "./installation";

/** First Debian release whose nginx (1.30) and njs (1.0) bring what the data plane needs. */
const suite = "forky";
/** Part of the folder's name: raised when this recipe changes, so that an old folder is not taken for a new one. */
const recipe = 1;

/**
 * nginx and njs out of Debian's packages, unpacked into `cacheDirectory` and run with the C library they were built for.
 * @throws when the machine has no Debian mirror among its sources, or a step fails
 */
export async function debianNginx(
  cacheDirectory: string,
  report: (line: string) => void,
): Promise<NginxInstallation> {
  const { root, platform, facts } = await unpackedPackages({
    folder: ({ architecture }) => join(cacheDirectory, `debian-${suite}-${architecture}-${recipe}`),
    suite,
    packages: ["nginx", "libnginx-mod-http-js"],
    purpose: "nginx",
    examine: async (unpacked, itsPlatform) => {
      const { command, module } = layout(unpacked, itsPlatform);
      const { version, njsVersion } = await checkNginx(command, module);
      report(`nginx ${version} with njs ${njsVersion} is ready in ${cacheDirectory}`);
      return { version, njsVersion };
    },
    lookAgain: (unpacked, itsPlatform) => nginxBuild(layout(unpacked, itsPlatform).command),
    report,
  });
  const { command, module } = layout(root, platform);
  const { version = "", njsVersion = "" } = facts;
  return { command, module, version, njsVersion, source: "debian" };
}

/** Paths are not stored: the project's folder may be moved. */
function layout(root: string, { libraries, loader }: Platform): { command: string[]; module: string } {
  const libraryPath = join(root, libraries);
  return {
    command: [join(libraryPath, loader), "--library-path", libraryPath, join(root, "usr/sbin/nginx")],
    module: join(root, "usr/lib/nginx/modules/ngx_http_js_module.so"),
  };
}
