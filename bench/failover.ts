import { callsOf } from "../tests/support/chainNode";
import { type Behaviour, httpStatus, MockNode, ok, resets, rpcError } from "../tests/support/mockNode";
import { Nginx } from "../tests/support/nginx";
import { poolOf } from "../tests/support/pool";
import { freePorts } from "../tests/support/ports";
import { defaults, median } from "./dataPlane";

/** How long each node takes to answer, well or not. */
const roundTripMs = 150;
const samples = 15;
const method = "eth_call";

export interface FailoverFigures {
  name: string;
  /** Median time of a call in units of one round trip to a node. */
  roundTrips: number;
  /** That arrived at nodes for each call; trials of nodes that failed left out. */
  requests: number;
}

/** What a call takes when the first node fails it. Each call has a network of its own, so that no node has failed before. */
export async function benchFailover(report: (line: string) => void): Promise<FailoverFigures[]> {
  const [nobody] = await freePorts(1);
  const good = await MockNode.start(late(ok("0x1")));
  const broken: [string, MockNode][] = [
    ["it answers HTTP 500", await MockNode.start(late(httpStatus(500)))],
    ["it answers with an error of its own", await MockNode.start(late(rpcError(-32603, "internal error")))],
    ["it breaks the connection off", await MockNode.start(late(resets))],
  ];
  const firsts: [string, string][] = [
    ["the first node answers", good.url],
    ...broken.map(([name, { url }]): [string, string] => [name, url]),
    ["it refuses the connection", `http://127.0.0.1:${nobody}/`],
  ];
  const mocks = [good, ...broken.map(([, node]) => node)];
  const networks = firsts.flatMap((_, kind) =>
    Array.from({ length: samples }, (_one, sample) => ({
      name: nameOf(kind, sample),
      chainId: 1 + kind * samples + sample,
    })),
  );
  // The other node is the leader: it is asked second, always.
  const specs = networks.flatMap(({ name }, index) => {
    const [, first] = firsts[Math.floor(index / samples)]!;
    return [
      { url: `${first}${name}`, network: name },
      { url: `${good.url}${name}/leader`, network: name, isLeader: true },
    ];
  });
  const settings = { ...defaults, headPollSeconds: 0 };
  const nginx = await Nginx.start(poolOf(specs, settings, { networks, defaultNetwork: undefined }));
  try {
    const figures: FailoverFigures[] = [];
    const received = () => mocks.reduce((sum, mock) => sum + callsOf(mock, method).length, 0);
    for (const [kind, [name]] of firsts.entries()) {
      const before = received();
      const times: number[] = [];
      for (let sample = 0; sample < samples; sample++) times.push(await timeOf(nginx, nameOf(kind, sample)));
      const requests = (received() - before) / samples;
      figures.push({ name, roundTrips: median(times) / roundTripMs, requests });
      report(`${name}: ${median(times).toFixed(0)} ms, ${requests} requests`);
    }
    return figures;
  } finally {
    await nginx.stop();
    await Promise.all(mocks.map((mock) => mock.close()));
  }
}

const nameOf = (kind: number, sample: number) => `network-${kind}-${sample}`;

const late =
  (behaviour: Behaviour): Behaviour =>
  async (...received) => {
    await new Promise((resolve) => setTimeout(resolve, roundTripMs));
    return behaviour(...received);
  };

async function timeOf(nginx: Nginx, network: string): Promise<number> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [{}, "latest"] });
  const started = performance.now();
  const answer = await fetch(`${nginx.url}/${network}`, { method: "POST", body });
  const text = await answer.text();
  if (!text.includes('"result":"0x1"')) throw new Error(`${network}: ${text}`);
  return performance.now() - started;
}
