import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "mocha";
import { createSigner } from "../../cli/signer";
import { until } from "../support/poll";
import { startCli } from "./runCli";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a-secret-access-key" };

describe("dashboard", function () {
  this.timeout(40_000);
  let remote: Server;
  let seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[];
  before(async () => {
    remote = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk;
      });
      request.on("end", () => {
        seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
        response.setHeader("content-type", "application/json");
        response.setHeader("content-security-policy", "default-src 'none'");
        response.end(`{"nodes":[]}`);
      });
    });
    remote.listen(0, "127.0.0.1");
    await once(remote, "listening");
  });
  after(() => remote?.close());

  it("signs what a browser on this machine asks, and serves nobody else", async () => {
    seen = [];
    const { port } = remote.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const child = startCli(["dashboard", "--port", "0", "--url", url, "--region", "eu-west-1", "--json"], {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    });
    let out = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      out += chunk;
    });
    try {
      await until(() => out.includes("}"), { what: "the dashboard's address", deadlineMs: 20_000 });
      const page = (JSON.parse(out) as { url: string }).url;
      const answer = await fetch(`${page}history?window=1h`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-security-policy"), "default-src 'none'");
      const changed = await fetch(`${page}backends/n1`, {
        method: "PATCH",
        body: `{"drained":true}`,
        headers: { "content-type": "application/json" },
      });
      assert.equal(changed.status, 200);
      assert.equal((await fetch(page, { headers: { origin: "https://evil.example" } })).status, 403);
      assert.equal((await fetch(`${page}backends`, { method: "POST", body: "url=x" })).status, 415);
      assert.deepEqual(
        seen.map((one) => `${one.method} ${one.url} ${one.body}`),
        ["GET /status ", "GET /history?window=1h ", `PATCH /backends/n1 {"drained":true}`],
      );
      for (const one of seen) assertSigned(one);
    } finally {
      child.kill("SIGTERM");
      assert.equal(((await once(child, "exit")) as [number])[0], 0);
    }
  });

  it("takes the region from the name of an API Gateway", async () => {
    const host = "abc123.execute-api.us-west-2.amazonaws.com";
    const headers = await createSigner(host, { credentials })({
      method: "GET",
      url: new URL(`https://${host}/status`),
      headers: {},
    });
    assert.match(headers.authorization ?? "", /\/us-west-2\/execute-api\/aws4_request,/);
  });
});

/** Computes the signature by the book: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function assertSigned(request: {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}) {
  const { authorization = "", ...headers } = request.headers;
  const [, scope, names, signature] =
    /Credential=AKIDEXAMPLE\/(\S+), SignedHeaders=(\S+), Signature=(\w+)/.exec(authorization) ?? [];
  assert.ok(scope && names && signature, authorization);
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const [path, query = ""] = request.url.split("?");
  const canonical = [
    request.method,
    path,
    query,
    ...names.split(";").map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    names,
    sha256(request.body),
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = scope
    .split("/")
    .reduce<Buffer>(
      (secret, part) => createHmac("sha256", secret).update(part).digest(),
      Buffer.from(`AWS4${credentials.secretAccessKey}`),
    );
  assert.equal(signature, createHmac("sha256", key).update(text).digest("hex"));
}
