import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { hex } from "../support/chainNode";
import { type Behaviour, ok } from "../support/mockNode";
import type { Nginx } from "../support/nginx";
import { request, scene } from "../support/scene";

let nonce = 0;
const fresh = () => request("eth_call", [{ data: hex(0x10000 + nonce++) }, "latest"]);
const burst = (nginx: Nginx, count: number) =>
  Promise.all(Array.from({ length: count }, () => nginx.post(fresh())));
/** Starts with a second, so that all calls of a burst fall into one. */
const atSecond = () => new Promise((resolve) => setTimeout(resolve, 1010 - (Date.now() % 1000)));
const inRotation = async (nginx: Nginx) =>
  [...(await nginx.control("/metrics")).text.matchAll(/^gateway_node_in_rotation\{.*\} (\d)$/gm)].map((m) =>
    Number(m[1]),
  );

/** Counts how many calls are with the node at once; it answers none before it is let go. */
function counting(): { behaviour: Behaviour; most: () => number; letGo: () => void } {
  let now = 0;
  let most = 0;
  let letGo = () => {};
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const behaviour: Behaviour = async (...args) => {
    now++;
    most = Math.max(most, now);
    await gone;
    now--;
    return ok("0x1")(...args);
  };
  return { behaviour, most: () => most, letGo };
}

describe("caps of a node's plan", () => {
  it("on requests per second are kept: over it the next node is used", () =>
    scene(
      [ok("0x1"), ok("0x2")],
      async ({ nginx, nodes: [capped, free] }) => {
        await atSecond();
        for (const { status } of await burst(nginx, 40)) assert.equal(status, 200);
        // A busy machine may take more than a second for it.
        assert.ok(capped!.calls >= 4 && capped!.calls <= 7, `${capped!.calls}`);
        assert.equal(capped!.calls + free!.calls, 40);
        await atSecond();
        // What was called in the last second still counts.
        await burst(nginx, 10);
        assert.ok(capped!.calls <= 8, `${capped!.calls}`);
        assert.deepEqual(await inRotation(nginx), [1, 1]);
      },
      { specs: [{ limits: { maxRequestsPerSecond: 5 } }], workers: 2 },
    ));

  it("count each call of a batch", () =>
    scene(
      [ok("0x1"), ok("0x2")],
      async ({ nginx, nodes: [capped, free] }) => {
        await atSecond();
        const { status, json } = await nginx.post(Array.from({ length: 30 }, fresh));
        assert.equal(status, 200);
        assert.ok((json as unknown as { result?: string }[]).every(({ result }) => result !== undefined));
        assert.ok(capped!.calls <= 7, `${capped!.calls}`);
        assert.equal(capped!.calls + free!.calls, 30);
      },
      { specs: [{ limits: { maxRequestsPerSecond: 5 } }] },
    ));

  it("of all nodes reached: 429, −32005 and Retry-After", () =>
    scene(
      [ok("0x1"), ok("0x2")],
      async ({ nginx }) => {
        await atSecond();
        const answers = await burst(nginx, 10);
        const served = answers.filter(({ status }) => status === 200).length;
        assert.ok(served >= 4 && served <= 6, `${served}`);
        const refused = answers.find(({ status }) => status === 429)!;
        assert.equal(Number(refused.json.error.code), -32005);
        assert.ok(Number(refused.headers["retry-after"]) >= 1);
        assert.deepEqual(await inRotation(nginx), [1, 1]);
      },
      { specs: [{ limits: { maxRequestsPerSecond: 2 } }, { limits: { maxRequestsPerSecond: 2 } }] },
    ));

  it("on concurrency are kept: over it the next node is used, and nobody is to blame", () => {
    const capped = counting();
    let others = 0;
    const free: Behaviour = (...received) => {
      if (++others === 27) capped.letGo();
      return ok("0x1")(...received);
    };
    return scene(
      [capped.behaviour, free],
      async ({ nginx, nodes }) => {
        for (const { status } of await burst(nginx, 30)) assert.equal(status, 200);
        assert.equal(capped.most(), 3);
        assert.equal(nodes[0]!.calls + nodes[1]!.calls, 30);
        assert.deepEqual(await inRotation(nginx), [1, 1]);
        // And it is used again.
        while (nodes[0]!.calls < 4)
          for (const { status } of await burst(nginx, 30)) assert.equal(status, 200);
      },
      { specs: [{ limits: { maxConcurrency: 3 } }], settings: { attemptTimeoutSeconds: 3 }, workers: 2 },
    );
  });

  it("of all nodes reached by transactions: 429, −32005 and Retry-After", () =>
    scene(
      [ok(`0x${"1".repeat(64)}`), ok(`0x${"1".repeat(64)}`)],
      async ({ nginx }) => {
        // More than a slow machine's seconds take.
        const answers = await Promise.all(
          Array.from({ length: 12 }, (_, n) =>
            nginx.post(request("eth_sendRawTransaction", [hex(0x100 + n)])),
          ),
        );
        const refused = answers.find(({ status }) => status === 429)!;
        assert.equal(Number(refused.json.error.code), -32005);
        assert.ok(Number(refused.headers["retry-after"]) >= 1);
        assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 429]));
      },
      {
        specs: [{ limits: { maxRequestsPerSecond: 3 } }, { limits: { maxRequestsPerSecond: 3 } }],
        settings: { headPollSeconds: 0 },
      },
    ));

  it("on concurrency of all nodes reached: 429, −32005 and Retry-After", () => {
    const only = counting();
    return scene(
      [only.behaviour],
      async ({ nginx }) => {
        let refusedCalls = 0;
        const calls = Array.from({ length: 5 }, async () => {
          const answer = await nginx.post(fresh());
          if (answer.status === 429 && ++refusedCalls === 3) only.letGo();
          return answer;
        });
        const answers = await Promise.all(calls);
        assert.equal(answers.filter(({ status }) => status === 200).length, 2);
        const refused = answers.find(({ status }) => status === 429)!;
        assert.equal(Number(refused.json.error.code), -32005);
        assert.equal(refused.headers["retry-after"], "1");
        assert.equal((await nginx.post(fresh())).status, 200);
      },
      { specs: [{ limits: { maxConcurrency: 2 } }] },
    );
  });
});
