import { scaleInCooldownSeconds, scaleOutCooldownSeconds } from "../../infra/components/autoscaling";

/** What the service is and what comes at it. */
export interface Scenario {
  /** Offered requests a second at a second of the simulation. */
  load: (second: number) => number;
  seconds: number;
  minTasks: number;
  maxTasks: number;
  /** Requests a second at which a task's CPU is used up. */
  taskCapacity: number;
  /** From the decision to a task that the load balancer uses. */
  startSeconds: number;
  /** A client gives up on a call that has waited this long. */
  patienceSeconds: number;
}

/** `requests`: requests a second and target. `cpu`: share of the capacity, 0–1. */
export interface Policy {
  metric: "requests" | "cpu";
  target: number;
}

export interface Sample {
  second: number;
  load: number;
  tasks: number;
  /** Requests that wait. */
  backlog: number;
  /** Requests that nobody waited for any longer, in this second. */
  lost: number;
}

/**
 * Target tracking as AWS describes it: metrics of whole minutes, a scale-out alarm on three of them above the target, a
 * scale-in alarm on fifteen below 90 % of it; the new count is the old one times metric ÷ target.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
 */
const minutesToScaleOut = 3;
const minutesToScaleIn = 15;
const scaleInShare = 0.9;
/** CloudWatch has a minute's metric some time after the minute. */
const metricDelaySeconds = 30;

export function simulate(scenario: Scenario, policy: Policy): Sample[] {
  const service = new Service(scenario);
  const tracker = new TargetTracking(policy, scenario);
  const samples: Sample[] = [];
  for (let second = 0; second < scenario.seconds; second++) {
    const sample = service.step(second);
    tracker.observe(service, sample);
    samples.push(sample);
  }
  return samples;
}

/** Tasks that share the load evenly, and a queue in front of each. */
class Service {
  running: number;
  private starting: number[] = [];
  private backlog = 0;
  /** Share of the CPU that was used in the last second. */
  cpu = 0;

  constructor(private readonly scenario: Scenario) {
    this.running = scenario.minTasks;
  }

  get wanted(): number {
    return this.running + this.starting.length;
  }

  scaleTo(count: number, second: number): void {
    for (let more = this.wanted; more < count; more++)
      this.starting.push(second + this.scenario.startSeconds);
    if (count < this.running) this.running = count;
  }

  step(second: number): Sample {
    const { load, taskCapacity, patienceSeconds } = this.scenario;
    this.running += this.starting.filter((ready) => ready <= second).length;
    this.starting = this.starting.filter((ready) => ready > second);
    const capacity = this.running * taskCapacity;
    const offered = load(second);
    const served = Math.min(capacity, this.backlog + offered);
    this.cpu = served / capacity;
    const waiting = this.backlog + offered - served;
    const bearable = capacity * patienceSeconds;
    const lost = Math.max(0, waiting - bearable);
    this.backlog = waiting - lost;
    return { second, load: offered, tasks: this.running, backlog: this.backlog, lost };
  }
}

/** The metric of one minute. */
interface Minute {
  value: number;
  start: number;
  knownAt: number;
}

class TargetTracking {
  private sum = 0;
  private readonly minutes: Minute[] = [];
  private lastOut = Number.NEGATIVE_INFINITY;
  private lastIn = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly policy: Policy,
    private readonly scenario: Scenario,
  ) {}

  observe(service: Service, { second, load }: Sample): void {
    this.sum += this.policy.metric === "cpu" ? service.cpu : load / service.running;
    if (second % 60 === 59) {
      this.minutes.push({ value: this.sum / 60, start: second - 59, knownAt: second + metricDelaySeconds });
      this.sum = 0;
    }
    const known = this.minutes.filter((minute) => minute.knownAt <= second);
    this.scaleOut(service, known.slice(-minutesToScaleOut), second);
    this.scaleIn(service, known.slice(-minutesToScaleIn), second);
  }

  private scaleOut(service: Service, minutes: Minute[], second: number): void {
    const { target } = this.policy;
    const due = minutes.length === minutesToScaleOut && minutes.every(({ value }) => value > target);
    // The tasks that were asked for have to show in the metric before it is acted on again.
    const settled = this.lastOut + Math.max(scaleOutCooldownSeconds, this.scenario.startSeconds);
    if (!due || minutes.at(-1)!.start < settled) return;
    const count = Math.ceil((service.wanted * minutes.at(-1)!.value) / target);
    service.scaleTo(Math.min(this.scenario.maxTasks, count), second);
    this.lastOut = second;
  }

  private scaleIn(service: Service, minutes: Minute[], second: number): void {
    const { target } = this.policy;
    const due =
      minutes.length === minutesToScaleIn && minutes.every(({ value }) => value < target * scaleInShare);
    if (!due || second - Math.max(this.lastIn, this.lastOut) < scaleInCooldownSeconds) return;
    const count = Math.ceil((service.wanted * Math.max(...minutes.map(({ value }) => value))) / target);
    service.scaleTo(Math.max(this.scenario.minTasks, count), second);
    this.lastIn = second;
  }
}
