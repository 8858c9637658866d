import assert from "node:assert/strict";
import type { FailoverStage } from "./failoverStage";
import type { Fault } from "./faultyNode";
import { until } from "./poll";

/** Something that happens while clients ask; whoever runs it, no call of theirs may fail. */
interface FailoverScenario {
  title: string;
  run(stage: FailoverStage): Promise<void>;
}

const html = "<html><body>Bad gateway</body></html>";

const faults: Record<string, Fault> = {
  "hangs (accepts calls, answers nothing)": { kind: "hang" },
  "resets connections": { kind: "reset" },
  "answers HTTP 500": { kind: "answer", status: 500, contentType: "text/plain", body: "oops" },
  "answers HTTP 429": { kind: "answer", status: 429, contentType: "text/plain", body: "slow down" },
  "answers a page of HTML": { kind: "answer", status: 200, contentType: "text/html", body: html },
  "answers garbage": {
    kind: "answer",
    status: 200,
    contentType: "application/json",
    body: '{"jsonrpc":"2.0","id":7,"res',
  },
  "lags 11 blocks": { kind: "lag", blocks: 11 },
  "is on a wrong chain": { kind: "wrongChain", chainId: 5 },
};

const faultScenarios = Object.entries(faults).map(
  ([name, fault]): FailoverScenario => ({
    title: `a node ${name}, leaves the pool and comes back`,
    run: (stage) => {
      const node = stage.nodes[1]!;
      const become = (next: Fault) => () => {
        node.fault = next;
      };
      return stage.outAndBack(node, become(fault), become({ kind: "none" }));
    },
  }),
);

const killed: FailoverScenario = {
  title: "a node is killed and started again",
  run: (stage) => {
    const node = stage.nodes[2]!;
    return stage.outAndBack(
      node,
      () => node.down(),
      () => node.up(),
    );
  },
};

const stopped: FailoverScenario = {
  title: "a node's process is stopped with SIGSTOP and continued",
  run: (stage) => {
    const process = stage.chain.nodes[1]!;
    return stage.outAndBack(
      stage.nodes[1]!,
      () => process.pause(),
      () => process.resume(),
    );
  },
};

const leaderDies: FailoverScenario = {
  title: "the leader dies and comes back",
  run: async (stage) => {
    const { leader, nodes } = stage;
    const counts = (healthy: boolean) =>
      until(async () => (await stage.node(leader)).is_healthy === healthy, {
        what: `the leader counts as ${healthy ? "healthy" : "unhealthy"}`,
      });
    await stage.underLoad(async (load) => {
      await leader.down();
      await counts(false);
      assert.deepEqual(await Promise.all(nodes.map((node) => stage.inPool(node))), [true, true, true]);
      await stage.goesOn(load);
      await leader.up();
      await counts(true);
    });
  },
};

const tenReleases: FailoverScenario = {
  title: "ten releases are rolled out in a row",
  run: async (stage) => {
    // What follows from the scenario before is one release more, until this.
    await stage.nextRun();
    const versionBefore = await stage.version();
    const { id } = await stage.node(stage.nodes[0]!);
    await stage.underLoad(async () => {
      for (let round = 1; round <= 10; round++) {
        await stage.gateway.change(id, { weight: 100 + (round % 10) });
        const wanted = versionBefore + round;
        await until(
          async () => (await stage.gateway.status()).tasks.every((task) => task.release_version === wanted),
          { what: `every proxy runs release ${wanted}` },
        );
      }
    });
    assert.equal(await stage.version(), versionBefore + 10);
  },
};

/** Everything that has to be survived. */
export const failoverScenarios: FailoverScenario[] = [
  ...faultScenarios,
  killed,
  stopped,
  leaderDies,
  tenReleases,
];

/** The ones that differ most, where there is no time for all. */
export const shortFailoverScenarios: FailoverScenario[] = [
  ...faultScenarios.filter(({ title }) => title.includes("garbage")),
  killed,
  tenReleases,
];
