import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import type { ReleaseFiles } from "../functions/domain/release";
import { renderRelease } from "../functions/domain/render/renderRelease";
import { defaultSettings } from "../functions/domain/settings";
import { buildNjs } from "./njs/build";

/** What the proxy consists of besides nginx and Node. */
export interface ProxyBuild {
  /** The agent, for `node <agentFile>`. */
  agentFile: string;
  /** The socket gateway, which the agent starts. */
  socketsFile: string;
  /** For `NJS_DIRECTORY`. */
  njsDirectory: string;
}

/** Bundles the agent, the socket gateway and the script that runs inside nginx into `folder`. */
export async function buildProxy(folder: string): Promise<ProxyBuild> {
  const [agentFile, socketsFile, njsDirectory] = await Promise.all([
    buildAgent(join(folder, "agent.js")),
    buildSockets(join(folder, "sockets.js")),
    buildNjs(join(folder, "njs")),
  ]);
  return { agentFile, socketsFile, njsDirectory };
}

/**
 * Bundles the socket gateway to one file that needs nothing but Node.
 * @returns the file
 */
export async function buildSockets(file: string): Promise<string> {
  await build({
    entryPoints: [join(__dirname, "sockets/main.ts")],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // Native helpers that `ws` uses when they happen to be installed.
    external: ["bufferutil", "utf-8-validate"],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
  });
  return file;
}

/**
 * Bundles the agent to one file that needs nothing but Node.
 * @param builtIn what nginx runs while there is no release
 * @returns the file
 */
export async function buildAgent(file: string, builtIn?: ReleaseFiles): Promise<string> {
  await build({
    entryPoints: [join(__dirname, "agent/main.ts")],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    define: { BUILT_IN_FILES: JSON.stringify(builtIn ?? (await renderBuiltIn())) },
    logLevel: "warning",
  });
  return file;
}

/** The configuration without networks and nodes: every call is answered with 503 and a JSON-RPC error. */
export async function renderBuiltIn(): Promise<ReleaseFiles> {
  const template = await readFile(join(__dirname, "nginx.conf.ejs"), "utf8");
  return renderRelease(template, { settings: defaultSettings("aws"), networks: [], nodes: [], states: [] });
}

if (require.main === module) {
  const folder = resolve(process.argv[2] ?? join(__dirname, "../dist/proxy"));
  buildProxy(folder).then(
    (built) => process.stdout.write(`${JSON.stringify(built)}\n`),
    (error: unknown) => {
      process.stderr.write(`${error}\n`);
      process.exitCode = 1;
    },
  );
}
