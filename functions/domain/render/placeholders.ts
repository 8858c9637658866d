/** What a rendered nginx.conf leaves open because it differs from task to task. */
export interface TaskValues {
  /** Writable folder of the task: pid, temporary files, access log, sockets. */
  runDirectory: string;
  /** Folder that holds the scripts, `main.js` and `guard.js`. */
  njsDirectory: string;
  /** Absolute path of this release's pool.json. */
  poolFile: string;
  /** Path of ngx_http_js_module.so; absent when it is linked in. */
  nginxModule?: string;
  port: number;
  /** Listen on IPv6 as well: only where the machine has it. */
  listenIpv6?: true;
  /** Own listener for /metrics; without it, /metrics is on `port` for loopback peers. */
  metricsPort?: number;
  /** Addresses of name servers, as nginx's `resolver` takes them. */
  resolver: string;
  /** File with the certificate authorities that nodes' certificates are checked against. */
  trustedCertificates: string;
  /** Version of the release. */
  version: number;
  /** Rises with each install on this task: workers obey the newest one. */
  generation: number;
  /** Tells this task from all others, and from what it was before its last start; clients see it in the ids of requests. */
  instance: string;
  /** User that the workers run as: needed when the agent is root, or they could read nothing of the run directory. */
  user?: string;
  /** nginx workers, or `auto`. */
  workers: number | "auto";
  /** Requests of clients under way at once, of all workers. */
  callsInFlight: number;
  /** JavaScript contexts that a worker keeps for the calls to come. */
  contextsKept: number;
}

const whatBreaksConfig = /[\s;{}"'\\$#]/;
/** The template has these in quotes. */
const paths = new Set(["runDirectory", "njsDirectory", "poolFile", "nginxModule", "trustedCertificates"]);

/**
 * Fills in `{{name}}`. A line `{{#name}} …` stays (without the mark) only when the value is given, `{{^name}} …` only when it is not.
 * @throws Error when a value would change the configuration's meaning, or a placeholder has no value
 */
export function fillPlaceholders(text: string, values: TaskValues): string {
  const known = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const written = String(value);
    // Name servers are several words, and folders may be called so; everything else is one.
    const bad = name === "resolver" || paths.has(name) ? /[;{}"'\\$#\r\n]/ : whatBreaksConfig;
    if (written === "" || bad.test(written))
      throw new Error(`The value of ${name} can't stand in nginx.conf.`);
    known.set(name, written);
  }
  return text
    .replace(
      /^([ \t]*)\{\{([#^])(\w+)\}\}[ \t]*(.*\n?)/gm,
      (_line, indent: string, mark: string, name: string, rest: string) =>
        known.has(name) === (mark === "#") ? `${indent}${rest}` : "",
    )
    .replace(/\{\{(\w+)\}\}/g, (_placeholder, name: string) => {
      const value = known.get(name);
      if (value === undefined) throw new Error(`nginx.conf asks for ${name}, which has no value.`);
      return value;
    });
}
