import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { httpStatus, ok } from "../support/mockNode";
import { until } from "../support/poll";
import { request, scene } from "../support/scene";

describe("a checkout in a folder with spaces", () => {
  it("runs: calls, health, metrics, log and trials", () =>
    scene(
      [httpStatus(500), ok("0x1")],
      async ({ nginx, nodes, input }) => {
        let calls = 0;
        for (; calls < 10 || nodes[0]!.calls === 0; calls++)
          assert.equal((await nginx.post(request("eth_call"))).status, 200);
        assert.equal((await nginx.get("/health")).status, 200);
        assert.equal((await nginx.get("/metrics")).status, 200);
        await nginx.accessLog(calls);
        await until(() => nodes[0]!.received.some(({ text }) => text.includes("eth_chainId")), {
          what: "the ejected node is tried",
        });
        await nginx.reload(input);
        assert.equal((await nginx.post(request("eth_call"))).status, 200);
      },
      { folder: "a folder with  spaces ", settings: { halfOpenAfterSeconds: 0.1 } },
    ));
});
