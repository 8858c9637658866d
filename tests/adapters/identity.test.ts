import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import https from "node:https";
import { after, before, describe, it } from "mocha";
import { identityProblem } from "../../functions/adapters/guardedRequest";
import { Authority } from "../support/certificates";
import { MockNode, ok } from "../support/mockNode";

/** The same cases as in tests/proxy/tls.test.ts: probe and proxy have to agree. */
describe("a node's certificate, for the probe", () => {
  let authority: Authority;
  before(() => {
    authority = new Authority();
  });
  after(() => authority?.remove());

  const cases: [string, string, string, boolean][] = [
    ["has the name", "localhost", "DNS:localhost", true],
    ["has another name", "localhost", "DNS:other.example", false],
    ["has the address as an address only", "127.0.0.1", "IP:127.0.0.1", false],
    ["has the address as a name", "127.0.0.1", "DNS:127.0.0.1", true],
  ];
  for (const [what, host, name, isGood] of cases) {
    it(`is ${isGood ? "good" : "refused"} when it ${what}`, async () => {
      const node = await MockNode.start(ok("0x1"), 0, authority.issue(name));
      const ca = readFileSync(authority.file);
      const reached = new Promise<boolean>((resolve) => {
        const url = `https://${host}:${node.port}/`;
        const options = { ca, agent: false as const, method: "POST", checkServerIdentity: identityProblem };
        const call = https.request(url, options, (response) => {
          response.resume();
          resolve(true);
        });
        call.once("error", () => resolve(false));
        call.end('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}');
      });
      try {
        assert.equal(await reached, isGood);
      } finally {
        await node.close();
      }
    });
  }
});
