import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { callsThatFit } from "../../proxy-image/agent/nginx/callsThatFit";
import { type Behaviour, MockNode, ok } from "../support/mockNode";
import { Nginx } from "../support/nginx";
import { until } from "../support/poll";
import { poolOf } from "../support/pool";
import { request } from "../support/scene";

describe("more calls than fit into memory", () => {
  it("are refused at once and by name, while those under way are answered", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: Behaviour = async (received, response, socket) => {
      await held;
      return ok("0x1")(received, response, socket);
    };
    const node = await MockNode.start(slow);
    const nginx = await Nginx.start(poolOf([{ url: node.url }], { attemptTimeoutSeconds: 20 }), {
      callsInFlight: 4,
      workers: 2,
    });
    try {
      const call = (index: number) => nginx.post(request("eth_getBalance", [`0x${index}`, "latest"]));
      const underWay = Array.from({ length: 4 }, (_, index) => call(index));
      await until(() => node.received.length === 4, { what: "four calls are at the node" });
      const refused = await call(5);
      assert.deepEqual([refused.status, refused.json.error.code, refused.json.id], [503, -32603, null]);
      assert.equal(refused.headers["retry-after"], "1");
      assert.match(String(refused.headers["x-request-id"]), /^[\w-]+$/);
      assert.equal((await nginx.post([request("eth_chainId"), request("eth_chainId")])).status, 503);
      // What is no call has room, as those who begin a socket have.
      assert.equal((await nginx.send("GET", "/")).status, 405);
      release();
      for (const answer of await Promise.all(underWay)) assert.equal(answer.json.result, "0x1");
      // nginx counts a call until it has closed its request, a moment after the answer.
      const admitted = async () => {
        const answer = await call(6);
        return answer.status === 503 ? undefined : answer;
      };
      assert.equal((await until(admitted, { what: "there is room again" })).json.result, "0x1");
      assert.equal(node.received.length, 5);
    } finally {
      release();
      await nginx.stop();
      await node.close();
    }
  });

  it("are as many as six tenths of the memory hold, within what nginx counts", () => {
    const MiB = 1024 * 1024;
    assert.equal(callsThatFit(1024 * MiB), 491);
    assert.equal(callsThatFit(16 * MiB), 64);
    assert.equal(callsThatFit(1024 * 1024 * MiB), 8000);
  });
});
