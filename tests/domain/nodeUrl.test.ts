import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { parseNodeUrl } from "../../functions/domain/nodeUrl";

const open = { allowPrivate: true };
const closed = { allowPrivate: false };

function accepted(value: unknown, rules: { kind?: "http" | "ws"; allowPrivate: boolean } = open) {
  const result = parseNodeUrl(value, rules);
  assert.ok(result.ok, `refused: ${JSON.stringify(value)} ${JSON.stringify(result)}`);
  return result.url;
}
function refused(value: unknown, rules: { kind?: "http" | "ws"; allowPrivate: boolean } = open): string[] {
  const result = parseNodeUrl(value, rules);
  assert.ok(!result.ok, `accepted: ${JSON.stringify(value)}`);
  return result.problems;
}

describe("node URL", () => {
  it("takes a provider's URL apart", () => {
    assert.deepEqual(accepted("https://Mainnet.Infura.io/v3/abc?x=1&y=", closed), {
      href: "https://mainnet.infura.io/v3/abc?x=1&y=",
      scheme: "https",
      host: "mainnet.infura.io",
      port: 443,
      path: "/v3/abc?x=1&y=",
      credentials: undefined,
      addressClass: "public",
    });
  });

  it("reads credentials, ports and IPv6 hosts", () => {
    const url = accepted("http://us%40er:p%3Ass@[2606:4700::1]:8545");
    assert.equal(url.credentials, "us@er:p:ss");
    assert.equal(url.host, "[2606:4700::1]");
    assert.equal(url.port, 8545);
    assert.equal(url.path, "/");
  });

  it("normalises what means the same", () => {
    for (const same of [
      "HTTPS://a.example:443",
      "https://a.example./",
      "https://a.example/?",
      "https://A.example/x/..",
    ]) {
      assert.equal(accepted(same).href, "https://a.example/");
    }
  });

  it("takes web socket URLs where they belong only", () => {
    assert.equal(accepted("wss://a.example/x", { ...open, kind: "ws" }).port, 443);
    refused("wss://a.example/x");
    refused("https://a.example/x", { ...open, kind: "ws" });
  });

  const hostile: Record<string, unknown> = {
    newline: "http://a.example/\nlisten 1;",
    "carriage return": "http://a.example/\r",
    tab: "http://a.\texample/",
    quote: 'http://a.example/"',
    apostrophe: "http://a.example/'",
    semicolon: "http://a.example/;return",
    "closing brace": "http://a.example/}",
    "opening brace": "http://a.example/{{port}}",
    "dollar brace": `http://a.example/$\{host}`,
    variable: "http://$host/",
    backslash: "http:\\\\a.example\\",
    space: "http://a.example/a b",
    "leading space": " http://a.example/",
    fragment: "http://a.example/#x",
    "angle brackets": "http://a.example/<script>",
    backtick: "http://a.example/`id`",
    "encoded newline": "http://a.example/%0aX",
    "encoded nul": "http://a.example/%00",
    "broken percent": "http://a.example/%zz",
    "non-ASCII": "http://ä.example/",
    "file scheme": "file:///etc/passwd",
    "javascript scheme": "javascript:alert(1)",
    "no scheme": "a.example",
    "scheme only": "http://",
    "three slashes": "http:///a.example",
    "no slashes": "http:a.example",
    "empty label": "http://a..example/",
    "label with a dash in front": "http://-a.example/",
    "port 0": "http://a.example:0/",
    "port 65536": "http://a.example:65536/",
    "8 KB": `http://a.example/${"a".repeat(8192)}`,
    "a number": 8545,
    "an array": ["http://a.example"],
    "an object": { url: "http://a.example" },
    null: null,
    "broken IPv6": "http://[::1",
    "IPv6 zone": "http://[fe80::1%25eth0]/",
    "colon in user": "http://a%3Ab:c@a.example/",
  };
  for (const [what, value] of Object.entries(hostile)) {
    it(`refuses ${what}`, () => {
      const problems = refused(value);
      assert.ok(problems.length > 0 && problems.every((problem) => problem.length > 0));
    });
  }

  it("tells all problems at once", () => {
    assert.ok(refused(`ftp://a.example/ ${"a".repeat(3000)}`).length >= 3);
  });

  const never = [
    "http://169.254.169.254/",
    "http://169.254.1.1/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.169.254./",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[::169.254.169.254]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fd20:ce::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://0.0.0.0:8545/",
    "http://[::]/",
    "http://224.0.0.1/",
    "http://[ff02::1]/",
    "http://255.255.255.255/",
    "http://metadata.google.internal/",
    "http://METADATA.google.internal./",
    "http://%31%36%39.254.169.254/",
  ];
  for (const value of never) {
    it(`never allows ${value}`, () => {
      refused(value, open);
      refused(value, closed);
    });
  }

  const inside = [
    "http://localhost:8545",
    "http://LOCALHOST./",
    "http://node.localhost/",
    "http://127.0.0.1:8545",
    "http://127.1/",
    "http://0x7f.0.0.1/",
    "http://2130706433/",
    "http://[::1]:8545/",
    "http://[::ffff:127.0.0.1]/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://[fd12:3456::1]/",
  ];
  for (const value of inside) {
    it(`allows ${value} only where private nodes are allowed`, () => {
      accepted(value, open);
      refused(value, closed);
    });
  }

  it("accepts nothing dangerous, and what it accepts round-trips (property)", () => {
    const piece = fc.oneof(
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "http://",
        "https://",
        "a.example",
        ":8545",
        "/v3/",
        "?k=",
        "%41",
        "%0a",
        "@",
        "[::1]",
        ";",
        "$x",
        "{",
        '"',
        "\n",
        "#",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.boolean(), (pieces, allowPrivate) => {
        const result = parseNodeUrl(pieces.join(""), { allowPrivate });
        if (!result.ok) {
          assert.ok(result.problems.length > 0);
          return;
        }
        const { url } = result;
        for (const text of [url.href, url.host, url.path]) {
          assert.doesNotMatch(text, /[\s"'`;${}\\#<>|^\p{C}]/u);
          assert.match(text, /^[\x21-\x7e]+$/);
        }
        assert.ok(url.href.length <= 2048 && url.path.startsWith("/"));
        assert.ok(url.port > 0 && url.port < 65536);
        assert.ok(url.addressClass !== "never" && (allowPrivate || url.addressClass === "public"));
        assert.deepEqual(parseNodeUrl(url.href, { allowPrivate }), result);
      }),
      { numRuns: 3000 },
    );
  });

  it("never quotes the URL in its problems (property)", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9]{12,20}$/),
        fc.constantFrom(";", "\n", " ", "%zz", "$x}"),
        (secret, bad) => {
          assert.ok(!JSON.stringify(refused(`https://a.example/v3/${secret}${bad}`)).includes(secret));
        },
      ),
    );
  });
});
