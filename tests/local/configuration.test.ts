import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { environmentName, SettingError, settingNames } from "../../functions/domain/settings";
import { helpText } from "../../local/configuration/help";
import { readConfiguration } from "../../local/configuration/readConfiguration";
import { misspeltVariables } from "../../local/configuration/variables";

const read = (environment: Record<string, string>) => readConfiguration(environment, "/somewhere");

describe("the local run's environment", () => {
  it("has defaults for everything", () => {
    const configuration = read({});
    assert.deepEqual(configuration.nodes, []);
    assert.equal(configuration.port, 8545);
    assert.equal(configuration.adminPort, 8546);
    assert.equal(configuration.dataDirectory, "/somewhere/.local");
    assert.equal(configuration.settings.healthCheckIntervalSeconds, 5);
    assert.equal(configuration.defaultNetwork, undefined);
  });

  it("takes an empty value as not given", () => {
    assert.equal(read({ PORT: "", RPC_PROVIDERS_HTTP: " ", NETWORKS: "" }).port, 8545);
  });

  it("names the operator's nodes and their leader once each", () => {
    const { nodes } = read({
      RPC_PROVIDERS_HTTP: "https://one.example/key, https://two.example ,https://one.example/key,",
      RPC_LEADER_HTTP: "https://two.example/",
    });
    assert.deepEqual(nodes, [
      { url: "https://two.example/", isLeader: true },
      { url: "https://one.example/key", isLeader: false },
    ]);
  });

  it("takes networks as name=chainId", () => {
    const { defaultNetwork, networks } = read({
      DEFAULT_NETWORK: "mainnet=1",
      NETWORKS: "base=8453, gnosis=100",
    });
    assert.deepEqual(defaultNetwork, { name: "mainnet", chainId: 1 });
    assert.deepEqual(networks, [
      { name: "base", chainId: 8453 },
      { name: "gnosis", chainId: 100 },
    ]);
  });

  const bad: Record<string, string[]> = {
    PORT: ["0", "65536", "abc", "80.5", "-1"],
    ADMIN_PORT: ["8545", "x"],
    RPC_PROVIDERS_HTTP: [
      "ftp://one.example",
      "one.example",
      "http://",
      "http://169.254.169.254/",
      "https://a;b",
    ],
    RPC_LEADER_HTTP: ["https://one.example/ x", "wss://one.example"],
    DEFAULT_NETWORK: ["mainnet", "Main=1", "a=0", "a=1,b=2", "health=1"],
    NETWORKS: ["a=1,a=2", "a=1,b=1", "a"],
    REQUIRE_KEYS: ["1", "yes"],
    ADDRESS_RATE_PER_SECOND: ["-1", "many"],
    MAX_LAG_BLOCKS: ["-1", "ten"],
    ROLLOUT: ["restart"],
  };
  for (const [variable, values] of Object.entries(bad)) {
    for (const value of values) {
      it(`refuses ${variable}=${value} with its name and what is allowed`, () => {
        assert.throws(
          () => read({ [variable]: value }),
          (error) => error instanceof SettingError && error.variable === variable && error.allowed.length > 5,
        );
      });
    }
  }

  it("does not repeat a URL's secrets", () => {
    assert.throws(
      () => read({ RPC_PROVIDERS_HTTP: "https://user:hunter2@one.example/v3/se;cret?key=topsecret" }),
      (error: Error) => !/hunter2|cret/.test(error.message) && /one\.example/.test(error.message),
    );
  });

  it("knows misspelt names", () => {
    assert.deepEqual(misspeltVariables({ RPC_PROVIDER_HTTP: "x", MAX_LAG_BLOCK: "1", HOME: "/", PATH: "" }), [
      "RPC_PROVIDER_HTTP is not known; did you mean RPC_PROVIDERS_HTTP?",
      "MAX_LAG_BLOCK is not known; did you mean MAX_LAG_BLOCKS?",
    ]);
  });

  it("is told whole by --help", () => {
    const help = helpText();
    for (const name of ["RPC_PROVIDERS_HTTP", "DATA_DIR", ...settingNames.map(environmentName)]) {
      assert.ok(help.includes(`  ${name} `), name);
    }
    assert.deepEqual(
      helpText(80)
        .split("\n")
        .filter((line) => line.length > 80),
      [],
      "it is as wide as the terminal",
    );
  });
});
