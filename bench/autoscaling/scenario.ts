import type { Policy, Sample, Scenario } from "./simulate";

/**
 * A task of half a vCPU whose requests are assumed to take 120 µs of CPU (cautiously more than `npm run bench` shows), and a
 * load that rises to sixteen times what it was and falls back.
 */
const cpuSecondsPerRequest = 120e-6;
const taskVcpus = 0.5;
const taskCapacity = taskVcpus / cpuSecondsPerRequest;

export const scenario: Scenario = {
  load: (second) => (second >= 600 && second < 2400 ? 24_000 : 1_500),
  seconds: 5400,
  minTasks: 2,
  maxTasks: 20,
  taskCapacity,
  startSeconds: 40,
  patienceSeconds: 4,
};

/** The same load on a task either way: 60 % of its CPU. */
const share = 0.6;
export const policies: Record<"requests per target" | "CPU", Policy> = {
  "requests per target": { metric: "requests", target: share * taskCapacity },
  CPU: { metric: "cpu", target: share },
};

export interface Outcome {
  /** Seconds from the step to as many tasks as the load needs. */
  recoverySeconds: number;
  lostRequests: number;
  mostTasks: number;
  taskHours: number;
}

export function judge(samples: Sample[]): Outcome {
  const step = samples.findIndex((sample, index) => index > 0 && sample.load > samples[index - 1]!.load);
  const enough = samples.findIndex(
    ({ load, tasks, backlog }, index) => index >= step && tasks * taskCapacity >= load && backlog < 1,
  );
  return {
    recoverySeconds: enough - step,
    lostRequests: Math.round(samples.reduce((sum, sample) => sum + sample.lost, 0)),
    mostTasks: Math.max(...samples.map((sample) => sample.tasks)),
    taskHours: Math.round(samples.reduce((sum, sample) => sum + sample.tasks, 0) / 360) / 10,
  };
}
