import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  defaultSettings,
  environmentName,
  readSettings,
  SettingError,
  settingDefinitions,
  settingNames,
  settingsFromEnvironment,
} from "../../functions/domain/settings";

function problem(environment: Record<string, string>): SettingError {
  try {
    settingsFromEnvironment("local", environment);
  } catch (error) {
    assert.ok(error instanceof SettingError);
    return error;
  }
  throw new Error(`accepted: ${JSON.stringify(environment)}`);
}

describe("settings", () => {
  it("have defaults that pass their own types, on AWS and locally", () => {
    for (const name of settingNames) {
      const { type, default: value, ...rest } = settingDefinitions[name];
      assert.deepEqual(type.parse(value), value, name);
      if ("local" in rest) assert.deepEqual(type.parse(rest.local), rest.local, name);
    }
    assert.equal(defaultSettings("aws").healthCheckIntervalSeconds, 60);
    assert.equal(defaultSettings("local").healthCheckIntervalSeconds, 5);
  });
  it("are read from the environment; an empty value counts as not given", () => {
    const settings = settingsFromEnvironment("local", {
      MAX_LAG_BLOCKS: " 3 ",
      PROBE_TIMEOUT_SECONDS: "0.5",
      ALLOW_PRIVATE_NODES: "false",
      BLOCKED_METHODS: "a_*, b_c,",
      HEALTHY_AFTER: "",
    });
    assert.equal(settings.maxLagBlocks, 3);
    assert.equal(settings.probeTimeoutSeconds, 0.5);
    assert.equal(settings.allowPrivateNodes, false);
    assert.deepEqual(settings.blockedMethods, ["a_*", "b_c"]);
    assert.equal(settings.healthyAfter, 2);
  });
  const bad: [string, string, RegExp][] = [
    ["MAX_LAG_BLOCKS", "ten", /a whole number from 0 to 1000000/],
    ["MAX_LAG_BLOCKS", "-1", /a whole number from 0/],
    ["MAX_LAG_BLOCKS", "1.5", /a whole number/],
    ["MAX_LAG_BLOCKS", "0x10", /a whole number/],
    ["MAX_LAG_BLOCKS", "1e3", /a whole number/],
    ["PROBE_TIMEOUT_SECONDS", "Infinity", /a number from 0.1 to 60/],
    ["PROBE_TIMEOUT_SECONDS", "0", /a number from 0.1 to 60/],
    ["ALLOW_PRIVATE_NODES", "yes", /true or false/],
    ["ROLLOUT", "now", /reload or redeploy/],
    ["BLOCKED_METHODS", "eth_call;x", /method names/],
    ["TRUSTED_PROXIES", "10.0.0.0/33", /addresses or CIDR ranges/],
    ["TRUSTED_PROXIES", "::::", /addresses or CIDR ranges/],
    ["CORS_ORIGINS", "https://a b", /origins/],
    ["ATTEMPT_TIMEOUT_SECONDS", "13", /at most CALL_TIMEOUT_SECONDS/],
  ];
  for (const [name, value, allowed] of bad) {
    it(`refuse ${name}=${value} in one line naming variable, value and what is allowed`, () => {
      const { message } = problem({ [name]: value });
      assert.match(message, new RegExp(`^${name}: `));
      assert.match(message, allowed);
      assert.ok(!message.includes("\n"));
    });
  }
  it("don't take other types for numbers, lists or flags", () => {
    for (const value of ["", true, null, [], {}]) {
      assert.throws(
        () =>
          readSettings(
            "aws",
            (name) => (name === "maxLagBlocks" ? value : undefined),
            (name) => name,
          ),
        SettingError,
      );
    }
    for (const value of [true, 5, [5], {}]) {
      assert.throws(
        () =>
          readSettings(
            "aws",
            (name) => (name === "blockedMethods" ? value : undefined),
            (name) => name,
          ),
        SettingError,
      );
    }
  });
  it("have distinct names in the environment", () => {
    assert.equal(new Set(settingNames.map(environmentName)).size, settingNames.length);
  });
});
