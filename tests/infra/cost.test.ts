import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { documentCost, usages } from "../../infra/cost/document";
import { estimate, total } from "../../infra/cost/estimate";

describe("cost", () => {
  const cost = (name: string) => total(estimate(usages[name]!));

  it("of an idle stack is that of two tasks, a load balancer and a NAT gateway, within a fifth", () => {
    const known = 2 * 730 * (0.5 * 0.03238 + 0.00356) + 730 * (0.0225 + 0.045 + 3 * 0.005);
    assert.ok(cost("idle") > known);
    assert.ok(cost("idle") < 1.2 * known + 20, String(cost("idle")));
  });

  it("rises with the traffic, in proportion once the free gigabytes are used", () => {
    const [low, high] = [cost("100 requests/s") - cost("idle"), cost("1,000 requests/s") - cost("idle")];
    assert.ok(low > 0);
    assert.ok(Math.abs(high / low - 10) < 1.5, `${low} ${high}`);
  });

  it("is documented as computed", () => {
    const text = readFileSync(join(__dirname, "../../docs/cost.md"), "utf8");
    assert.equal(text, documentCost(), "npm run docs");
  });
});
