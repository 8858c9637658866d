import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type FetchEvent, fetchEvents } from "../../infra/functions/fetchEvents";

/** What the application saw. */
const seen = async (event: FetchEvent) => {
  let request: Request | undefined;
  const handler = fetchEvents(async (given) => {
    request = given;
    return Response.json({ text: await given.clone().text() }, { status: 201, headers: { location: "/x" } });
  });
  return { result: await handler(event), request: request! };
};
const viaGateway = (more: object) =>
  seen({
    rawPath: "/backends",
    requestContext: { http: { method: "POST" }, domainName: "api.example" },
    ...more,
  });

describe("events of the admin function", () => {
  it("are API Gateway's: method, path, query, headers and body arrive", async () => {
    const { result, request } = await viaGateway({
      rawQueryString: "a=1&b=%20",
      headers: { "content-type": "application/json", "x-absent": undefined },
      body: '{"url":"x"}',
    });
    assert.equal(request.method, "POST");
    assert.equal(request.url, "https://api.example/backends?a=1&b=%20");
    assert.equal(request.headers.get("content-type"), "application/json");
    assert.deepEqual(result, {
      statusCode: 201,
      headers: { "content-type": "application/json", location: "/x" },
      body: JSON.stringify({ text: '{"url":"x"}' }),
    });
  });

  it("may carry their body in base64", async () => {
    const { result } = await viaGateway({
      body: Buffer.from("{é}").toString("base64"),
      isBase64Encoded: true,
    });
    assert.equal(result.body, JSON.stringify({ text: "{é}" }));
  });

  it("are a person's too: a path is enough", async () => {
    const { request } = await seen({ path: "/status" });
    assert.deepEqual([request.method, new URL(request.url).pathname], ["GET", "/status"]);
    const added = await seen({ method: "POST", path: "/backends", body: { url: "x" } });
    assert.equal(added.request.headers.get("content-type"), "application/json");
    assert.equal(added.result.body, JSON.stringify({ text: '{"url":"x"}' }));
  });
});
