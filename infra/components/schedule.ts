import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { makeServiceRole } from "../serviceRole";

export interface ScheduleArgs {
  stateMachineArn: pulumi.Input<string>;
  intervalSeconds: number;
  /** Input of each execution. */
  input: object;
}

/** Starts the workflow on a fixed clock. Shorter than a minute is the workflow's own loop. */
export class Schedule extends pulumi.ComponentResource {
  constructor(name: string, args: ScheduleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Schedule", name, {}, opts);
    const { role, ready } = makeServiceRole(
      `${name}-schedule`,
      "scheduler.amazonaws.com",
      [{ actions: ["states:StartExecution"], resources: [args.stateMachineArn] }],
      this,
    );
    new aws.scheduler.Schedule(
      name,
      {
        scheduleExpression: rate(args.intervalSeconds),
        flexibleTimeWindow: { mode: "OFF" },
        target: {
          arn: args.stateMachineArn,
          roleArn: role.arn,
          input: JSON.stringify(args.input),
          // A start that failed is not made up for: the next one is due soon.
          retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
        },
      },
      { parent: this, dependsOn: ready },
    );
    this.registerOutputs();
  }
}

/** EventBridge counts in minutes and wants "1 minute", but "2 minutes". */
function rate(intervalSeconds: number): string {
  const minutes = Math.max(1, Math.round(intervalSeconds / 60));
  return minutes === 1 ? "rate(1 minute)" : `rate(${minutes} minutes)`;
}
