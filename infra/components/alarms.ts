import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type AlarmSubjects, alarmRules } from "../alarmRules";

export interface AlarmsArgs extends AlarmSubjects {
  /** Topic to use. Not given: one is made. */
  topicArn?: pulumi.Input<string>;
  email?: string;
}

/** What wakes the operator, and the topic it goes to. docs/operate.md has an entry for each. */
export class Alarms extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;

  constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Alarms", name, {}, opts);
    this.topicArn = args.topicArn ? pulumi.output(args.topicArn) : makeTopic(name, this).arn;
    if (args.email) {
      new aws.sns.TopicSubscription(
        name,
        { topic: this.topicArn, protocol: "email", endpoint: args.email },
        { parent: this },
      );
    }
    for (const { key, ...rule } of alarmRules(args)) {
      new aws.cloudwatch.MetricAlarm(
        `${name}-${key}`,
        { ...rule, alarmActions: [this.topicArn], okActions: [this.topicArn] },
        { parent: this },
      );
    }
    this.registerOutputs({ topicArn: this.topicArn });
  }
}

function makeTopic(name: string, parent: Alarms): aws.sns.Topic {
  const topic = new aws.sns.Topic(name, {}, { parent });
  new aws.sns.TopicPolicy(
    name,
    {
      arn: topic.arn,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "AlarmsOnly",
            Effect: "Allow",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Action: "sns:Publish",
            Resource: topic.arn,
          },
        ],
      }),
    },
    { parent },
  );
  return topic;
}
