import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { headerProblems, nameProblem } from "../../functions/domain/nodeInput";

describe("node headers", () => {
  it("takes what providers ask for", () => {
    assert.deepEqual(headerProblems({ "x-api-key": "k-1_2.3", Authorization: "Bearer a.b-c_d~e+f/g==" }), []);
  });
  const refused: [string, Record<string, string>][] = [
    ["a space in a name", { "x y": "1" }],
    ["a colon in a name", { "x:": "1" }],
    ["a line break in a name", { "x\n": "1" }],
    ["an empty name", { "": "1" }],
    ["a line break in a value", { x: "1\r\nHost: b" }],
    ["a line break at the end of a value", { x: "1\n" }],
    ["a quote", { x: 'a"b' }],
    ["an apostrophe", { x: "a'b" }],
    ["a dollar", { x: "$host" }],
    ["a semicolon", { x: "a;b" }],
    ["a brace", { x: "{{port}}" }],
    ["a backslash", { x: "a\\" }],
    ["an empty value", { x: "" }],
    ["outer spaces", { x: " a" }],
    ["non-ASCII", { x: "ä" }],
    ["a header of the proxy", { Host: "b.example" }],
    ["a hop-by-hop header", { "transfer-encoding": "chunked" }],
    ["the same header twice", { "X-Key": "1", "x-key": "2" }],
    ["a value of 5 KB", { x: "a".repeat(5000) }],
  ];
  for (const [what, headers] of refused) {
    it(`refuses ${what}`, () => assert.ok(headerProblems(headers).length > 0));
  }
  it("refuses more than 20", () => {
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`x-${index}`, "1"]));
    assert.ok(headerProblems(many).length > 0);
  });
  it("accepts nothing dangerous (property)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, value) => {
        if (headerProblems({ [name]: value }).length > 0) return;
        assert.match(name, /^[A-Za-z0-9_-]+$/);
        assert.match(value, /^[\x20-\x7e]+$/);
        assert.doesNotMatch(value, /["'`;${}\\]/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("node name", () => {
  it("takes any script", () => {
    for (const name of ["Infura", "Knoten Ä", "节点 1", "a<b>&\"c'"])
      assert.equal(nameProblem(name), undefined);
  });
  it("refuses control and format characters, outer spaces and lengths", () => {
    for (const name of ["", " a", "a ", "a\nb", "a\u202eb", "a\u0000", "a".repeat(65)]) {
      assert.equal(typeof nameProblem(name), "string", JSON.stringify(name));
    }
  });
});
