import { createRequire } from "node:module";
import path from "node:path";

const architectures: Record<string, string> = { x64: "amd64", arm64: "arm64" };

/**
 * The anvil program of the npm package for this machine. The package's own launcher is passed by: it needs an
 * install script on some machines and stands between us and the process we signal.
 */
export function anvilBinary(): string {
  const platform = process.platform;
  const name = `@foundry-rs/anvil-${platform}-${architectures[process.arch] ?? process.arch}`;
  try {
    const launcher = require.resolve("@foundry-rs/anvil/package.json");
    const folder = path.dirname(createRequire(launcher).resolve(`${name}/package.json`));
    return path.join(folder, "bin", platform === "win32" ? "anvil.exe" : "anvil");
  } catch (cause) {
    throw new Error(
      `There is no anvil for this machine (${name}), so no demo nodes: name nodes in RPC_PROVIDERS_HTTP.`,
      {
        cause,
      },
    );
  }
}
