import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { Authority, type Certificate } from "../support/certificates";
import { MockNode, ok } from "../support/mockNode";
import { type Answer, Nginx } from "../support/nginx";
import { poolOf } from "../support/pool";
import { request } from "../support/scene";

describe("nodes over TLS", () => {
  let trusted: Authority;
  let unknown: Authority;
  let nginx: Nginx | undefined;
  const nodes: MockNode[] = [];
  before(() => {
    trusted = new Authority();
    unknown = new Authority("Somebody else");
  });
  after(() => {
    trusted?.remove();
    unknown?.remove();
  });
  afterEach(async function () {
    nginx?.explain(this.currentTest);
    await nginx?.stop();
    await Promise.all(nodes.splice(0).map((node) => node.close()));
  });

  /** A node with this certificate beside one without TLS: who answers ten calls? */
  async function answersOf(certificate: Certificate, host: string): Promise<Set<string>> {
    const secure = await MockNode.start(ok("0x5ec"), 0, certificate);
    const plain = await MockNode.start(ok("0x1"));
    nodes.push(secure, plain);
    const input = poolOf([{ url: `https://${host}:${secure.port}/` }, { url: plain.url }]);
    nginx = await Nginx.start(input, { trustedCertificates: trusted.file });
    const answers = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const answer: Answer = await nginx.post(request("eth_call", [i]));
      assert.equal(answer.status, 200);
      answers.add(String(answer.json.result));
    }
    return answers;
  }

  it("are used when the certificate is good, and are told the name", async () => {
    const answers = await answersOf(trusted.issue("DNS:localhost"), "localhost");
    assert.deepEqual([...answers].sort(), ["0x1", "0x5ec"]);
    assert.ok(nodes[0]!.received.every(({ serverName }) => serverName === "localhost"));
  });

  const refused: [string, string, () => Certificate][] = [
    ["is for another name", "localhost", () => trusted.issue("DNS:other.example")],
    ["is from an unknown authority", "localhost", () => unknown.issue("DNS:localhost")],
    [
      "has the address as an address: nginx compares names only",
      "127.0.0.1",
      () => trusted.issue("IP:127.0.0.1"),
    ],
  ];
  for (const [what, host, certificate] of refused) {
    it(`are sent nothing when the certificate ${what}; another node answers`, async () => {
      assert.deepEqual([...(await answersOf(certificate(), host))], ["0x1"]);
      assert.equal(nodes[0]!.calls, 0);
    });
  }

  it("may have the address as a name", async () => {
    const answers = await answersOf(trusted.issue("DNS:127.0.0.1"), "127.0.0.1");
    assert.deepEqual([...answers].sort(), ["0x1", "0x5ec"]);
  });
});
