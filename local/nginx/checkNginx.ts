import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { lastLine, run } from "../debian/run";

/** Oldest nginx whose directives, upstream `resolve` and keep-alive to nodes by default we are tested with. */
const oldestVersion = [1, 29, 0] as const;

export interface CheckedNginx {
  version: string;
  njsVersion: string;
}

/** An nginx that can't run the data plane; the message says why. */
export class UnsuitableNginxError extends Error {
  override readonly name = "UnsuitableNginxError";
}

/** What `nginx -V` says. */
export async function nginxBuild(
  command: readonly string[],
): Promise<{ version: string; configureArguments: string }> {
  const { code, stderr, stdout } = await run([...command, "-V"], { timeoutMs: 60_000 });
  const text = stdout + stderr;
  const version = /nginx version: \S*?\/(\d+\.\d+\.\d+)/.exec(text)?.[1];
  if (code !== 0 || !version) throw new UnsuitableNginxError(lastLine(text) || "it can't be run");
  return { version, configureArguments: /configure arguments: (.*)/.exec(text)?.[1] ?? "" };
}

/**
 * Finds out whether this nginx and this njs module can run the data plane, by letting them test a configuration
 * with every directive that not all builds have.
 * @param scratch folder for the probe's files, which the command must be able to read and write
 * @throws UnsuitableNginxError
 */
export async function checkNginx(
  command: readonly string[],
  module: string,
  scratch = tmpdir(),
): Promise<CheckedNginx> {
  const { version } = await nginxBuild(command);
  if (!isRecentEnough(version)) {
    throw new UnsuitableNginxError(`nginx ${version} is older than ${oldestVersion.join(".")}`);
  }
  const folder = await mkdtemp(join(scratch, "ngx-"));
  try {
    await writeFile(join(folder, "main.js"), probeScript);
    await writeFile(join(folder, "nginx.conf"), probeConfiguration(folder, module));
    const start = [...command, "-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
    const test = await run([...start, "-t"], { timeoutMs: 60_000 });
    if (test.code !== 0) throw new UnsuitableNginxError(complaint(test.stderr, folder));
    const answer = await askOnce(start, join(folder, "probe.sock"));
    if (answer.engine !== "QuickJS") throw new UnsuitableNginxError("its njs has no QuickJS engine");
    return { version, njsVersion: answer.version };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const probeAnswer = z.object({ engine: z.string(), version: z.string() });

/** Runs the probe's nginx until its script has answered once: only a worker runs scripts, `nginx -t` doesn't. */
async function askOnce(start: readonly string[], socketPath: string): Promise<z.infer<typeof probeAnswer>> {
  const [file = "", ...args] = start;
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise<void>((resolve) => child.once("close", resolve).once("error", resolve));
  try {
    for (const deadline = Date.now() + 15_000; Date.now() < deadline; ) {
      const text = await get(socketPath).catch(() => undefined);
      const answer = text === undefined ? undefined : parseAnswer(text);
      if (answer) return answer;
      if (text !== undefined || child.exitCode !== null) break;
      await setTimeout(20);
    }
    throw new UnsuitableNginxError(complaint(stderr, dirname(socketPath)) || "its njs did not answer");
  } finally {
    child.kill("SIGTERM");
    const timer = global.setTimeout(() => child.kill("SIGKILL"), 5_000);
    await exited;
    clearTimeout(timer);
  }
}

function parseAnswer(text: string): z.infer<typeof probeAnswer> | undefined {
  try {
    return probeAnswer.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function get(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: "/", timeout: 5_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve(body)).on("error", reject);
    });
    asked.on("timeout", () => asked.destroy(new Error("timeout"))).on("error", reject);
    asked.end();
  });
}

function isRecentEnough(version: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, least] of oldestVersion.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

function complaint(output: string, folder: string): string {
  const line = output.split("\n").find((text) => text.includes("[emerg]")) ?? lastLine(output);
  return line.replace(/^.*\[emerg\]\s*/, "").replaceAll(folder, "") || "its configuration test failed";
}

/** Answers which engine runs it; fails on engines before ES2023. */
const probeScript = `
class Probe { #engine = njs.engine; get engine() { return this.#engine; } }
async function access(r) {
  await r.readRequestText();
  r.decline();
}
function content(r) {
  const modern = [1, 2].findLast((n) => n < 2) === 1 && (10n ** 20n).toString().length === 21;
  if (!ngx.shared.probe.incr("calls", 1, 0)) throw new Error("no shared dictionary");
  r.return(200, JSON.stringify({ engine: modern ? new Probe().engine : "old", version: njs.version }));
}
async function tick() {}
export default { access, content, tick };
`;

function probeConfiguration(folder: string, module: string): string {
  return `
load_module "${module}";
daemon off;
pid "${folder}/nginx.pid";
error_log stderr warn;
master_process off;
events {}
http {
  client_body_temp_path "${folder}/body";
  proxy_temp_path "${folder}/proxy";
  fastcgi_temp_path "${folder}/fastcgi";
  uwsgi_temp_path "${folder}/uwsgi";
  scgi_temp_path "${folder}/scgi";
  access_log off;
  keepalive_min_timeout 30s;
  resolver 127.0.0.1;
  js_engine qjs;
  js_path "${folder}/";
  js_context_reuse 64;
  js_import main from main.js;
  js_shared_dict_zone zone=probe:1m type=number evict timeout=60s;
  upstream node {
    zone node 64k;
    server localhost:1 resolve;
    keepalive 4;
  }
  server {
    listen "unix:${folder}/probe.sock";
    js_fetch_keepalive 4;
    location @tick { js_periodic main.tick interval=60s; }
    location = /nginx { stub_status; }
    location = /node {
      proxy_http_version 1.1;
      proxy_ssl_server_name on;
      proxy_pass http://node;
    }
    location / {
      js_access main.access;
      js_content main.content;
    }
  }
}
`;
}
