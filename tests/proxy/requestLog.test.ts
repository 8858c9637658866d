import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { type RenderInput, renderRelease } from "../../functions/domain/render/renderRelease";
import type { Settings } from "../../functions/domain/settings";
import { truncatedAddress } from "../../functions/domain/truncatedAddress";
import { hideClient } from "../../proxy-image/agent/logs/hideClient";
import { ReleaseRedactor } from "../../proxy-image/agent/logs/redactor";
import { each, MockNode } from "../support/mockNode";
import { Nginx, template } from "../support/nginx";
import { nodeId, poolOf } from "../support/pool";
import { request } from "../support/scene";

const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/** Reverts where it is asked to. */
const node = each(({ params }) =>
  JSON.stringify(params).includes("revert")
    ? { error: { code: 3, message: "execution reverted" } }
    : { result: "0x1" },
);

describe("a request", () => {
  let mock: MockNode;
  let nginx: Nginx;
  let input: RenderInput;
  let logged = 0;
  before(async () => {
    mock = await MockNode.start(node);
    input = poolOf([{ url: mock.url }], { trustedProxies: ["127.0.0.0/8"] });
    nginx = await Nginx.start(input);
  });
  after(async () => {
    await nginx?.stop();
    await mock?.close();
  });

  const reload = (settings: Partial<Settings>) =>
    nginx.reload({ ...input, settings: { ...input.settings, ...settings } });
  /** The next lines of the log; nginx writes what it holds back when it is told to open the file anew. */
  const lines = async (count: number) => {
    process.kill(nginx.pid, "SIGUSR1");
    const all = await nginx.accessLog(logged + count);
    const next = all.slice(logged);
    logged = all.length;
    return next;
  };
  const idOf = (answer: { headers: Record<string, unknown> }) => String(answer.headers["x-request-id"]);

  it("gets its id back as a header, whatever becomes of it, and it is the log's", async () => {
    const answers = [
      await nginx.post(request("eth_call")),
      await nginx.post([request("eth_call"), request("eth_gasPrice")]),
      await nginx.post(request("eth_call", ["revert"])),
      await nginx.post(request("admin_x")),
      await nginx.post("no JSON"),
      await nginx.post(request("eth_call"), { path: "/nowhere" }),
      await nginx.post("x".repeat(1_100_000)),
      await nginx.send("DELETE", "/"),
      await nginx.send("OPTIONS", "/"),
      await nginx.send("POST", "/%zz", "{}"),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 400, 404, 413, 405, 204, 400],
    );
    const ids = answers.map(idOf);
    for (const id of ids) assert.match(id, /^[0-9a-f]{12}(-\d+){3}$/);
    assert.equal(new Set(ids).size, ids.length);
    const found = await lines(answers.length);
    assert.deepEqual(found.map(({ requestId }) => requestId).sort(), [...ids].sort());
    assert.match(String(answers[0]?.headers["access-control-expose-headers"]), /X-Request-Id/);
  });

  it("can be followed by its id through the proxy's log, the node and the metrics", async () => {
    await reload({ forwardRequestId: true });
    const count = async () => {
      const { text } = await nginx.control("/metrics");
      const name = `gateway_calls_total{network="mainnet",method="eth_getCode",node="${nodeId(0)}",outcome="ok",cache="none"}`;
      return Number(
        text
          .split("\n")
          .find((line) => line.startsWith(name))
          ?.slice(name.length) ?? 0,
      );
    };
    const before = await count();
    mock.reset(node);
    const answer = await nginx.post(request("eth_getCode", ["0x1", "latest"]), {
      headers: { "X-Request-Id": "the-clients-own", traceparent: trace },
    });
    const id = idOf(answer);
    assert.match(id, /^[0-9a-f]{12}(-\d+){3}$/);
    assert.notEqual(
      id,
      "0123456789abcdef0123456789abcdef",
      "ids are ours: a client can't give two requests one id",
    );
    const [line] = await lines(1);
    const { requestId, traceId, network, method, node: nodeName, outcome } = line!;
    assert.deepEqual(
      { requestId, traceId, network, method, nodeName, outcome },
      {
        requestId: id,
        traceId: trace.split("-")[1],
        network: "mainnet",
        method: "eth_getCode",
        nodeName: nodeId(0),
        outcome: "ok",
      },
    );
    const [received] = mock.received;
    assert.deepEqual([received?.headers["x-request-id"], received?.headers.traceparent], [id, trace]);
    assert.equal(await count(), before + 1);
  });

  it("keeps its id over the attempts at several nodes", async () => {
    const [failing, second] = [await MockNode.start(() => "garbage"), await MockNode.start(node)];
    try {
      // The leader is asked only after the other: nothing is left to the draw of the node.
      const { nodes, states } = poolOf([{ url: failing.url }, { url: second.url, isLeader: true }]);
      await nginx.reload({
        ...input,
        nodes,
        states,
        settings: { ...input.settings, forwardRequestId: true },
      });
      const answers = [];
      for (let n = 0; n < 4; n++) answers.push(await nginx.post(request("eth_call")));
      const seen = [...failing.received, ...second.received].map(({ headers }) => headers["x-request-id"]);
      assert.deepEqual(new Set(seen), new Set(answers.map(idOf)));
      assert.ok(seen.length > answers.length, "one was asked at both");
    } finally {
      await lines(4);
      await failing.close();
      await second.close();
    }
  });

  it("takes a well-formed traceparent to the node and nothing else of the kind; its id only when told to", async () => {
    await reload({});
    mock.reset(node);
    const wrong = [
      `${trace}-00`,
      trace.toUpperCase(),
      trace.replace("00-", "01-"),
      trace.replace("00-", "ff-"),
      trace.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0".repeat(32)),
      trace.replace("00f067aa0ba902b7", "0".repeat(16)),
      `${trace} x`,
      `${trace}, ${trace}`,
      "a",
    ];
    for (const traceparent of wrong) await nginx.post(request("eth_call"), { headers: { traceparent } });
    await nginx.post(request("eth_call"), { headers: { traceparent: trace, tracestate: "vendor=text" } });
    for (const { headers } of mock.received.slice(0, -1)) assert.equal(headers.traceparent, undefined);
    const { headers } = mock.received.at(-1)!;
    assert.deepEqual([headers.traceparent, headers.tracestate], [trace, undefined]);
    assert.equal(headers["x-request-id"], undefined);
    const found = await lines(wrong.length + 1);
    assert.deepEqual(found.map(({ traceId }) => traceId).filter(Boolean), [trace.split("-")[1]]);
    await reload({ forwardTraceparent: false });
    await nginx.post(request("eth_call"), { headers: { traceparent: trace } });
    assert.equal(mock.received.at(-1)?.headers.traceparent, undefined);
    await lines(1);
  });

  it("is logged with the address of its client in full, truncated, or without", async () => {
    const addresses = {
      "203.0.113.77": "203.0.113.0",
      "2001:db8:1:2::5": "2001:db8:1::",
      "2001:db8:1:2:3:4:5:6": "2001:db8:1::",
      "2001:db8::5": "2001:db8::",
      "2001::5": "2001::",
      "::5": "::",
    };
    const post = (address: string) =>
      nginx.post(request("eth_call"), { headers: { "x-forwarded-for": address } });
    await reload({ logClientAddress: "truncated" });
    for (const address of Object.keys(addresses)) await post(address);
    const found = await lines(Object.keys(addresses).length);
    assert.deepEqual(
      found.map(({ client }) => client),
      Object.values(addresses),
    );
    for (const [address, truncated] of Object.entries(addresses))
      assert.equal(truncatedAddress(address), truncated);
    await reload({ logClientAddress: "off" });
    await post("203.0.113.77");
    assert.doesNotMatch(JSON.stringify(await lines(1)), /client|203\.0/);
    await reload({ logClientAddress: "full" });
    await post("203.0.113.77");
    assert.equal((await lines(1))[0]?.client, "203.0.113.77");
    const error = 'refused, client: 203.0.113.77, server: , request: "POST / HTTP/1.1"';
    assert.equal(hideClient(error, "off"), 'refused, server: , request: "POST / HTTP/1.1"');
    assert.match(hideClient(error, "truncated"), /client: 203\.0\.113\.0, server/);
    assert.equal(hideClient(error, "full"), error);
    const redactor = new ReleaseRedactor();
    redactor.learn(
      renderRelease(template, { ...input, settings: { ...input.settings, logClientAddress: "off" } }),
    );
    assert.doesNotMatch(redactor.redact(error), /203\.0/, "nginx's errors obey the newest release");
  });

  it("is left out of the log as often as the sample rate says, but never with an error", async () => {
    await reload({ logSampleRate: 0, logParams: true });
    const posts = [
      request("eth_call"),
      [request("eth_call"), request("eth_call")],
      request("eth_call", ["revert", { outcome: "ok", '"outcome":"ok"': '"failed":0' }]),
      [request("eth_call"), request("eth_call", ["revert"])],
      request("admin_x"),
      request('x","outcome":"ok"', ["revert"]),
      "no JSON",
    ];
    for (const post of posts) await nginx.post(post);
    await nginx.send("OPTIONS", "/");
    const found = await lines(5);
    assert.deepEqual(
      found.map(({ outcome, failed, status }) => outcome ?? failed ?? status),
      ["error", 1, "refused", "error", 400],
    );
    await reload({ logSampleRate: 0.25 });
    for (let n = 0; n < 400; n += 20) {
      await Promise.all(Array.from({ length: 20 }, () => nginx.post(request("eth_call"))));
    }
    const sampled = await lines(50);
    assert.ok(sampled.length < 160, `${sampled.length} of 400`);
  });
});
