import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Behaviour, each, ok } from "../support/mockNode";
import { request, scene } from "../support/scene";

const chatty: Behaviour = (received, response, socket) => {
  response.setHeader("Set-Cookie", "session=1");
  response.setHeader("Server", "node/1");
  response.setHeader("Access-Control-Allow-Origin", "https://node.example");
  response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader("X-Powered-By", "me");
  response.setHeader("X-Request-Id", "node-1");
  response.setHeader("Keep-Alive", "timeout=1");
  response.setHeader("X-Accel-Limit-Rate", "1");
  response.setHeader("Content-Encoding", "identity");
  return ok("0x1")(received, response, socket);
};

describe("headers", () => {
  it("of a client never reach a node", () =>
    scene([ok("0x1")], async ({ nginx, nodes, input }) => {
      const url = nodes[0]!.url.replace("//", "//us%40er:pa%3Ass@");
      await nginx.reload({
        ...input,
        nodes: [{ ...input.nodes[0]!, url, headers: { "X-Api-Key": "key1" } }],
      });
      await nginx.post(request("eth_call"), {
        headers: {
          cookie: "a=b",
          authorization: "Bearer x",
          origin: "https://dapp.example",
          "accept-encoding": "gzip, br",
          host: "gateway.example",
          "x-forwarded-for": "1.2.3.4",
          forwarded: "for=1.2.3.4",
          "x-real-ip": "1.2.3.4",
          "x-api-key": "mine",
          te: "trailers",
          via: "1.1 x",
          "user-agent": "me",
          referer: "https://dapp.example/secret",
          "proxy-authorization": "x",
          "x-accel-redirect": "/",
        },
      });
      const { rawHeaders } = nodes[0]!.received[0]!;
      const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
      assert.deepEqual(names.sort(), [
        "accept",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-api-key",
      ]);
      const { headers } = nodes[0]!.received[0]!;
      assert.equal(headers.authorization, `Basic ${Buffer.from("us@er:pa:ss").toString("base64")}`);
      assert.equal(headers["x-api-key"], "key1");
      assert.equal(headers.host, `127.0.0.1:${nodes[0]!.port}`);
    }));

  it("of a node never reach a client", () =>
    scene([chatty], async ({ nginx }) => {
      const { headers } = await nginx.post(request("eth_call"));
      assert.deepEqual(Object.keys(headers).sort(), [
        "access-control-allow-origin",
        "access-control-expose-headers",
        "connection",
        "content-length",
        "content-type",
        "date",
        "server",
        "x-request-id",
      ]);
      assert.match(String(headers["x-request-id"]), /^[0-9a-f]{12}(-\d+){3}$/);
      assert.equal(headers["access-control-allow-origin"], "*");
      assert.equal(headers.server, "nginx");
    }));

  it("of a preflight allow what browsers ask for", () =>
    scene([ok("0x1")], async ({ nginx, nodes }) => {
      const answer = await nginx.send("OPTIONS", "/mainnet", undefined, {
        headers: {
          origin: "https://dapp.example",
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type,x-a",
        },
      });
      assert.equal(answer.status, 204);
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      assert.match(answer.headers["access-control-allow-methods"] ?? "", /POST/);
      assert.equal(answer.headers["access-control-allow-headers"], "content-type,x-a");
      assert.equal(nodes[0]!.calls, 0);
    }));

  it("let only the origins of the setting read answers", () =>
    scene(
      [ok("0x1")],
      async ({ nginx }) => {
        for (const [origin, allowed] of [
          ["https://dapp.example", "https://dapp.example"],
          ["https://evil.example", undefined],
          ["https://dapp.example.evil", undefined],
        ] as const) {
          const { headers } = await nginx.post(request("eth_call"), { headers: { origin } });
          assert.equal(headers["access-control-allow-origin"], allowed);
          assert.equal(headers.vary, "Origin");
        }
      },
      { settings: { corsOrigins: ["https://dapp.example", "http://localhost:3000"] } },
    ));

  it("compress long answers for clients that ask, once", () =>
    scene([each(() => ({ result: "0".repeat(5000) }))], async ({ nginx }) => {
      const answer = await nginx.post(request("eth_call"), { headers: { "accept-encoding": "gzip" } });
      assert.equal(answer.headers["content-encoding"], "gzip");
      assert.equal((await nginx.post(request("eth_call"))).headers["content-encoding"], undefined);
    }));

  it("name the client's address only when a trusted proxy does", async () => {
    const clientOf = (settings: { trustedProxies: string[] }) =>
      scene(
        [ok("0x1")],
        async ({ nginx }) => {
          await nginx.post(request("eth_call"), { headers: { "x-forwarded-for": "9.9.9.9, 8.8.8.8" } });
          const [line] = await nginx.accessLog(1);
          assert.equal(line?.client, settings.trustedProxies.length > 0 ? "8.8.8.8" : "127.0.0.1");
        },
        { settings },
      );
    await clientOf({ trustedProxies: [] });
    await clientOf({ trustedProxies: ["127.0.0.0/8"] });
  });
});
