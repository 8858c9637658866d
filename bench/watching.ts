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
import { defaults, inTurns, median, startPlain, stopPlain, upstreamConfiguration } from "./dataPlane";

const rounds = 20;
const secondsPerRound = 1;

/** What metrics, log lines and request ids add to the CPU of a call, as a share of the call without them. */
export interface WatchingFigures {
  withMicroseconds: number;
  withoutMicroseconds: number;
  /** Median over the rounds of (with ÷ without) in the same round, less 1. */
  share: number;
}

/** Measures the gateway against itself without counters, access log and request ids, in turns, at full load. */
export async function benchWatching(report: (line: string) => void): Promise<WatchingFigures> {
  const folder = mkdtempSync(path.join(tmpdir(), "watching-"));
  const [upstreamPort] = await freePorts(1);
  const upstream = await startPlain(folder, "upstream", upstreamConfiguration(upstreamPort!));
  const url = `http://127.0.0.1:${upstreamPort}/`;
  const own: Nginx[] = [];
  try {
    own.push(await Nginx.start(renderRelease(template, poolOf([{ url }], defaults))));
    const blind = renderRelease(
      template,
      poolOf([{ url }], { ...defaults, logRequests: false, forwardTraceparent: false }),
    );
    const script = await buildNjs(path.join(folder, "njs"), [withoutCounters]);
    own.push(await Nginx.start(withoutIds(blind), { script }));
    const targets = own.map((nginx, index) => ({
      name: index === 0 ? "with metrics and logs" : "without",
      url: nginx.url,
      pids: () => nginx.workerPids(),
    }));
    const [seen = [], unseen = []] = await inTurns(targets, rounds, { seconds: secondsPerRound }, report);
    return {
      withMicroseconds: median(seen.map(({ cost }) => cost)),
      withoutMicroseconds: median(unseen.map(({ cost }) => cost)),
      share: median(seen.map(({ cost }, index) => cost / unseen[index]!.cost)) - 1,
    };
  } finally {
    for (const nginx of own) await nginx.stop();
    await stopPlain(upstream);
    rmSync(folder, { recursive: true, force: true });
  }
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
