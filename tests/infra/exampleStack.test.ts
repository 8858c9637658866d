import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { readConfig } from "../../infra/config/readConfig";

const read = (file: string) => readFileSync(join(__dirname, "../..", file), "utf8");

describe("Pulumi.dev.yaml", () => {
  const text = read("Pulumi.dev.yaml");
  const { config } = parse(text) as { config: Record<string, unknown> };
  const { name } = parse(read("Pulumi.yaml")) as { name: string };

  it("is a config that the program takes as it is", () => {
    const raw = Object.fromEntries(
      Object.entries(config).map(([key, value]) => [
        key,
        typeof value === "object" ? JSON.stringify(value) : String(value),
      ]),
    );
    const { networks, production, tags } = readConfig(raw, name, "dev");
    assert.deepEqual(networks, [{ name: "mainnet", chainId: 1 }]);
    assert.equal(production, false, "or destroy stops half-way");
    assert.deepEqual(tags, { environment: "dev" });
  });

  it("re-uses nothing and hides nothing, so it works in any empty account", () => {
    assert.doesNotMatch(text, /secure:|encryptionsalt|arn:aws|vpc-[0-9a-f]/);
  });
});
