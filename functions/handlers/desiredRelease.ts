import type { NetworkTable } from "../domain/networkTable";
import { withPool } from "../domain/pool";
import type { ReleaseFiles } from "../domain/release";
import { releaseSha256, renderRelease } from "../domain/render/renderRelease";
import type { Settings } from "../domain/settings";
import type { Registry } from "../ports/registry";

export interface DesiredReleaseDependencies {
  registry: Registry;
  networks: () => Promise<NetworkTable>;
  settings: Settings;
  /** Content of `proxy-image/nginx.conf.ejs`. */
  template: string;
}

/** What the proxies should run, given what the registry holds now. */
export async function desiredRelease(
  dependencies: DesiredReleaseDependencies,
): Promise<{ files: ReleaseFiles; sha256: string }> {
  const { registry, settings, template } = dependencies;
  const [table, nodes, states] = await Promise.all([
    dependencies.networks(),
    registry.listNodes(),
    registry.listStates(),
  ]);
  // Nodes may have been added, drained or removed since the states were written.
  const files = renderRelease(template, { ...table, settings, nodes, states: withPool(nodes, states) });
  return { files, sha256: releaseSha256(files) };
}
