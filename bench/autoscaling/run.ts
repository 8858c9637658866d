import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { plot } from "./plot";
import { judge, type Outcome, policies, scenario } from "./scenario";
import { type Sample, simulate } from "./simulate";

/** Each policy on the same load. */
export function runPolicies(): Record<keyof typeof policies, { samples: Sample[]; outcome: Outcome }> {
  const run = (name: keyof typeof policies) => {
    const samples = simulate(scenario, policies[name]);
    return { samples, outcome: judge(samples) };
  };
  return { "requests per target": run("requests per target"), CPU: run("CPU") };
}

/** The plot of docs/autoscaling.svg. */
export function plotPolicies(): string {
  const runs = runPolicies();
  return plot({
    "requests per target": runs["requests per target"].samples,
    CPU: runs.CPU.samples,
  });
}

if (require.main === module || process.argv.includes("--write")) {
  writeFileSync(join(__dirname, "../../docs/autoscaling.svg"), plotPolicies());
  for (const [name, { outcome }] of Object.entries(runPolicies())) console.log(name, outcome);
}
