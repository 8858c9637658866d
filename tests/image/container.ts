import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Emulators } from "../support/emulators";
import { until } from "../support/poll";
import { descendants } from "../support/processes";
import { buildah } from "./base";
import { must, type Runner } from "./tools";

/** Region and id of the container's task. */
export const region = "image";

export interface ContainerOptions {
  runner: Runner;
  /** Name that `buildah from` gave. */
  container: string;
  entrypoint: string[];
  environment: string[];
  /** Folder that is the container's root; given: mounted read-only. */
  readOnlyRoot?: string;
}

export interface RunningContainer {
  /** Sends TERM to the agent and waits for the container's end. */
  terminate(): Promise<void>;
  /** Of the entry point; undefined when it did not end by itself. */
  exitCode(): number | undefined;
  output(): string;
}

/** What the agent in the container is started with, as buildah's options. */
export function environmentOf(
  emulators: Emulators,
  port: number,
  others: Record<string, string> = {},
): string[] {
  const variables = {
    ...emulators.environment,
    GATEWAY_REGION: region,
    TASK_ID: "image",
    PORT: String(port),
    RELEASE_POLL_SECONDS: "0.25",
    HEARTBEAT_SECONDS: "0.5",
    ...others,
  };
  return Object.entries(variables).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
}

/**
 * A command that sees the container's root read-only, and so does the container. buildah has no option for that, and what runs with
 * chroot isolation gets its root bound as it is found.
 */
export function withReadOnlyRoot(root: string, command: string[]): string[] {
  const mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", mount, root, ...command];
}

/** Makes the files that buildah mounts others over, which it can't do itself when the root is read-only. */
export async function prepareReadOnlyRoot(root: string): Promise<void> {
  for (const file of ["etc/hosts", "etc/resolv.conf", "run/.containerenv"]) {
    await writeFile(join(root, file), "", { flag: "a" });
  }
}

/** Folder that is the container's root. */
export async function rootOf(runner: Runner, container: string): Promise<string> {
  return (await must(runner, buildah("mount", container))).trim();
}

/** The entry point as the image has it, without any capability. */
export function startContainer(options: ContainerOptions): RunningContainer {
  const { runner, container, entrypoint, environment, readOnlyRoot } = options;
  const run = buildah(
    ...["run", "--isolation=chroot", "--cap-drop=all", ...environment, container, "--"],
    // buildah itself stumbles over a read-only root when it cleans up, and its own exit code is lost then.
    ...["sh", "-c", '"$@"; echo "ended with $?"', "sh", ...entrypoint],
  );
  const child = runner.start(readOnlyRoot === undefined ? run : withReadOnlyRoot(readOnlyRoot, run));
  let output = "";
  let closed = false;
  // Later than its exit: all of its output is here.
  child.once("close", () => {
    closed = true;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const terminate = async () => {
    const processes = descendants(child.pid ?? 0);
    const agent = processes.find(({ command: line }) => /^\S*node \S*agent\.js/.test(line));
    if (agent) process.kill(agent.pid, "SIGTERM");
    else for (const { pid } of processes) process.kill(pid, "SIGKILL");
    await until(() => closed, { what: "the container's end" });
  };
  const exitCode = () => {
    const [, code] = /^ended with (\d+)$/m.exec(output) ?? [];
    return code === undefined ? undefined : Number(code);
  };
  return { terminate, exitCode, output: () => output };
}
