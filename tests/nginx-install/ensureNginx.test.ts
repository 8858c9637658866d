import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { withLock } from "../../local/debian/lock";
import { checkNginx, UnsuitableNginxError } from "../../local/nginx/checkNginx";
import { ensureNginx, NginxUnavailableError } from "../../local/nginx/ensureNginx";
import { systemNginx } from "../../local/nginx/systemNginx";

describe("the nginx installer", function () {
  this.timeout(240_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "nginx-install-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const fakeNginx = async (name: string, script: string): Promise<string> => {
    const directory = await mkdtemp(join(folder, `${name}-`));
    await writeFile(join(directory, "nginx"), `#!/bin/sh\n${script}\n`);
    await chmod(join(directory, "nginx"), 0o755);
    return directory;
  };

  it("returns an nginx that runs the data plane's directives, at once when asked again", async () => {
    const installation = await ensureNginx(() => {});
    assert.match(installation.version, /^1\.\d+\.\d+$/);
    const checked = await checkNginx(installation.command, installation.module);
    assert.equal(checked.njsVersion, installation.njsVersion);
    const lines: string[] = [];
    assert.deepEqual(await ensureNginx((line) => lines.push(line)), installation);
    assert.deepEqual(lines, [], "nothing to report when it is there already");
  });

  it("refuses an nginx that is too old, and one without the njs module", async () => {
    const old = await fakeNginx("old", "echo 'nginx version: nginx/1.22.1' >&2");
    const bare = await fakeNginx("bare", "echo 'nginx version: nginx/1.31.0' >&2");
    await assert.rejects(checkNginx([join(old, "nginx")], "/none.so"), /1\.22\.1 is older than 1\.29/);
    await assert.rejects(checkNginx([join(bare, "nginx")], "/none.so"), UnsuitableNginxError);
    await assert.rejects(systemNginx(old), /its njs module .* is not installed|1\.22\.1/);
  });

  it("says in one message what was tried and what to install", () => {
    const { message } = new NginxUnavailableError([{ way: "Debian packages", why: "no mirror" }]);
    assert.match(message, /Debian packages: no mirror/);
    assert.match(message, /Install nginx 1\.29 or newer/);
  });

  it("lets one process install at a time and takes over the lock of a dead one", async () => {
    const lock = join(folder, "lock");
    await writeFile(lock, "999999999\n");
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside++;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all([withLock(lock, () => {}, work), withLock(lock, () => {}, work)]);
    assert.equal(most, 1);
    assert.ok(!(await readdir(folder)).includes("lock"));
  });
});
