import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { parseNodeUrl } from "../../functions/domain/nodeUrl";
import { fillPlaceholders } from "../../functions/domain/render/placeholders";
import { renderRelease } from "../../functions/domain/render/renderRelease";
import { ensureNginx } from "../../local/nginx/ensureNginx";
import { njsDirectory, template } from "../support/nginx";
import { nodeId, poolOf } from "../support/pool";

const characters = fc.constantFrom(
  ..."abzAZ09-._~:/?[]@!&()*+,=%25'\"{};$#\\ <>|^`\n\t\u00e9".split(""),
  "%20",
  "%2F",
  "//",
  "..",
  "$uri",
  "{{port}}",
);
const tail = fc.array(characters, { maxLength: 30 }).map((parts) => parts.join(""));
const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
  fc.constantFrom(
    "localhost",
    "LOCALHOST",
    "a.localhost",
    "node.",
    "xn--bcher-kva.example",
    "n0000000000000001",
    "newest",
  ),
);
const nodeUrl = fc
  .tuple(
    fc.constantFrom("http", "https"),
    fc.option(tail),
    host,
    fc.option(fc.integer({ min: 1, max: 65535 })),
    tail,
  )
  .map(
    ([scheme, user, name, port, rest]) =>
      `${scheme}://${user === null ? "" : `${user}@`}${name}${port === null ? "" : `:${port}`}/${rest}`,
  );
const acceptedUrl = nodeUrl.filter((url) => parseNodeUrl(url, { allowPrivate: true }).ok);

describe("rendered configurations", () => {
  it("are accepted by nginx with exactly the expected upstreams, whatever URLs the validator accepts", async () => {
    const { command, module } = await ensureNginx(() => {});
    const njs = await njsDirectory();
    const folder = mkdtempSync(path.join(tmpdir(), "gw-"));
    const [program, ...leading] = command as [string, ...string[]];
    try {
      fc.assert(
        fc.property(fc.array(acceptedUrl, { minLength: 1, maxLength: 25 }), (urls) => {
          const files = renderRelease(template, poolOf(urls.map((url) => ({ url }))));
          const configuration = fillPlaceholders(files["nginx.conf"], {
            runDirectory: folder,
            njsDirectory: njs,
            poolFile: path.join(folder, "pool.json"),
            nginxModule: module,
            port: 1,
            resolver: "127.0.0.1",
            trustedCertificates: "/etc/ssl/certs/ca-certificates.crt",
            version: 1,
            generation: 1,
            instance: "0123456789ab",
            workers: 1,
            callsInFlight: 100,
            contextsKept: 100,
          });
          const file = path.join(folder, "nginx.conf");
          writeFileSync(file, configuration);
          // -T also prints what nginx has understood, file by file.
          const { status, stderr } = spawnSync(
            program,
            [...leading, "-t", "-q", "-c", file, "-e", "stderr"],
            { encoding: "utf8" },
          );
          assert.equal(status === 0 || /bind\(\)|Permission denied/.test(stderr), true, stderr);
          assert.deepEqual(upstreamsIn(configuration), urls.map(expectedUpstream));
        }),
        { numRuns: Number(process.env.SOAK ? 200 : 20) },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** What one can read out of a configuration about each node: its servers, and where its location passes calls to. */
function upstreamsIn(configuration: string): { servers: string[]; target: string }[] {
  return [...configuration.matchAll(/upstream (n[0-9a-f]{16}) \{([^}]*)\}/g)].map(([, id, body]) => ({
    servers: [...body!.matchAll(/server (\S+) /g)].map(([, address]) => address!),
    target: new RegExp(`location = /~${id} \\{[^}]*?proxy_pass (\\S+);`).exec(configuration)?.[1] ?? "",
  }));
}

function expectedUpstream(url: string, index: number): { servers: string[]; target: string } {
  const parsed = parseNodeUrl(url, { allowPrivate: true });
  assert.ok(parsed.ok);
  const { scheme, host: name, port, path: rest } = parsed.url;
  const isLocal = name === "localhost" || name.endsWith(".localhost");
  return {
    servers: isLocal ? [`127.0.0.1:${port}`, `[::1]:${port}`] : [`${name}:${port}`],
    target: `${scheme}://${nodeId(index)}${rest}`,
  };
}
