import type { Release, ReleaseFiles } from "../../functions/domain/release";
import { releaseSha256 } from "../../functions/domain/render/renderRelease";

/** The least that the agent needs of a configuration: its contract, without the real data plane. */
function configuration(marker: string, extra: string): string {
  return `
load_module {{nginxModule}};
{{#user}} user {{user}};
daemon off;
worker_processes 2;
pid {{runDirectory}}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  client_body_temp_path {{runDirectory}}/body;
  proxy_temp_path {{runDirectory}}/proxy;
  fastcgi_temp_path {{runDirectory}}/fastcgi;
  uwsgi_temp_path {{runDirectory}}/uwsgi;
  scgi_temp_path {{runDirectory}}/scgi;
  keepalive_min_timeout 30s;
  log_format line escape=json '{"uri":"$uri","status":$status}';
  access_log {{runDirectory}}/access.log line buffer=4k flush=100ms;
  js_engine qjs;
  js_import main from {{njsDirectory}}/main.js;
  js_shared_dict_zone zone=counters:1m type=number;
  js_var $pool {{poolFile}};
  server {
    listen 127.0.0.1:{{port}};
    location / { return 200 "${marker} {{version}} {{generation}}"; }
    location = /slow { js_content main.slow; }
    location = /count { js_content main.count; }
    location = /health { access_log off; proxy_pass http://unix:{{runDirectory}}/agent.sock:/health; }
    ${extra}
  }
  server {
    listen unix:{{runDirectory}}/control.sock;
    access_log off;
    location = /stats { js_content main.stats; }
    location = /nginx { stub_status; }
  }
}
`;
}

export const testScript = `
function count(r) {
  ngx.shared.counters.incr("n", 1, 0);
  r.return(200, "counted");
}
function stats(r) {
  const n = ngx.shared.counters.get("n") || 0;
  r.return(200, JSON.stringify({ requestsByStatus: { "200": n }, callsByNode: {} }));
}
function slow(r) {
  const done = new Promise((resolve) => setTimeout(resolve, Number(r.args.ms)));
  return done.then(() => r.return(200, "slow answer"));
}
export default { count, stats, slow };
`;

export interface TestReleaseOptions {
  /** What `GET /` answers, followed by version and generation. */
  marker?: string;
  /** Further lines of the server block. */
  extra?: string;
  secrets?: string[];
}

export function testFiles({
  marker = "release",
  extra = "",
  secrets = [],
}: TestReleaseOptions = {}): ReleaseFiles {
  const pool = { format: 1, networks: [{ nodes: [{ id: "n1", weight: 100, secrets }] }] };
  return { "nginx.conf": configuration(marker, extra), "pool.json": JSON.stringify(pool) };
}

export function testRelease(version: number, options: TestReleaseOptions = {}): Release {
  const files = testFiles(options);
  return {
    format: 1,
    version,
    sha256: releaseSha256(files),
    publishedAt: new Date().toISOString(),
    files,
  };
}
