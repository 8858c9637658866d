import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Plugin } from "esbuild";
import type { ReleaseFiles } from "../functions/domain/release";
import { renderRelease } from "../functions/domain/render/renderRelease";
import { buildNjs } from "../proxy-image/njs/build";
import { Nginx, template } from "../tests/support/nginx";
import { poolOf } from "../tests/support/pool";
import { freePorts } from "../tests/support/ports";
import {
  defaults,
  inTurns,
  median,
  type Round,
  startPlain,
  stopPlain,
  upstreamConfiguration,
} from "./dataPlane";

/** Of each kind of process, and rounds in turns of each. */
const starts = 6;
const roundsPerStart = 5;
const secondsPerRound = 1;

/** What watching adds to the CPU of a call, as a share of the call without it. */
export interface WatchingFigures {
  /** With all of it, in µs. */
  withMicroseconds: number;
  /** Metrics and log lines: median over the rounds of (with ÷ without) in the same round, less 1. */
  share: number;
  /** The same with request ids as headers and trace contexts for nodes. */
  shareWithIds: number;
  /** How often each kind of process was started, and the rounds of all of them. */
  starts: number;
  rounds: number;
}

/** Measures the gateway against itself without counters and access log, and without ids and traces too, in turns, at full load. */
export async function benchWatching(report: (line: string) => void): Promise<WatchingFigures> {
  const folder = mkdtempSync(path.join(tmpdir(), "watching-"));
  const [upstreamPort] = await freePorts(1);
  const upstream = await startPlain(folder, "upstream", upstreamConfiguration(upstreamPort!));
  const url = `http://127.0.0.1:${upstreamPort}/`;
  try {
    const script = await buildNjs(path.join(folder, "njs"), [withoutCounters]);
    const release = (settings: Partial<typeof defaults>) =>
      renderRelease(template, poolOf([{ url }], { ...defaults, ...settings }));
    const kinds: [string, ReleaseFiles, string?][] = [
      ["with metrics and logs", release({})],
      ["without", release({ logRequests: false }), script],
      [
        "without ids and traces too",
        withoutIds(release({ logRequests: false, forwardTraceparent: false })),
        script,
      ],
    ];
    const all: Round[][] = kinds.map(() => []);
    for (let start = 0; start < starts; start++) {
      const own: Nginx[] = [];
      try {
        // In another order each time: where a process comes to lie in memory makes as much of a difference as what is looked for.
        const order = kinds.map((_, index) => (index + start) % kinds.length);
        for (const index of order) {
          const [, files, changed] = kinds[index]!;
          own.push(await Nginx.start(files, changed === undefined ? {} : { script: changed }));
        }
        const targets = order.map((index, place) => ({
          name: kinds[index]![0],
          url: own[place]!.url,
          pids: () => own[place]!.workerPids(),
        }));
        const found = await inTurns(targets, roundsPerStart, { seconds: secondsPerRound }, report);
        for (const [place, index] of order.entries()) all[index]!.push(...found[place]!);
      } finally {
        for (const nginx of own) await nginx.stop();
      }
    }
    const [seen = [], unseen = [], blind = []] = all;
    return {
      withMicroseconds: median(seen.map(({ cost }) => cost)),
      share: shareOver(seen, unseen),
      shareWithIds: shareOver(seen, blind),
      starts,
      rounds: seen.length,
    };
  } finally {
    await stopPlain(upstream);
    rmSync(folder, { recursive: true, force: true });
  }
}

function shareOver(all: Round[], without: Round[]): number {
  return median(all.map(({ cost }, index) => cost / without[index]!.cost)) - 1;
}

/** Replaces each function that counts by one that does nothing: no setting can, so nothing in the proxy has to ask. */
const withoutCounters: Plugin = {
  name: "without-counters",
  setup(build) {
    build.onLoad({ filter: /njs\/counters\.ts$/ }, ({ path: file }) => {
      const source = readFileSync(file, "utf8");
      const counting = [...source.matchAll(/^export function (count\w+)/gm)].map((match) => match[1]!);
      const kept = source.replaceAll(/^export function count/gm, "function count");
      const idle = counting.map(
        (name) => `const idle_${name} = () => {};\nexport { idle_${name} as ${name} };`,
      );
      return { contents: `${kept}\n${idle.join("\n")}`, loader: "ts" };
    });
  },
};

function withoutIds(files: ReleaseFiles): ReleaseFiles {
  return {
    ...files,
    "nginx.conf": files["nginx.conf"].replaceAll(/ *add_header X-Request-Id [^;]*;/g, ""),
  };
}
