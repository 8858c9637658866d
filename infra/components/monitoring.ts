import * as pulumi from "@pulumi/pulumi";
import type { AlarmSubjects } from "../alarmRules";
import type { DashboardSubjects } from "../dashboardWidgets";
import { Alarms } from "./alarms";
import { Dashboard } from "./dashboard";

export interface MonitoringArgs extends AlarmSubjects, DashboardSubjects {
  /** Topic that alarms go to. Not given: one is made. */
  topicArn?: pulumi.Input<string>;
  email?: string;
}

/** Alarms and the dashboard, on the metrics that the health check writes and those of AWS. */
export class Monitoring extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;
  readonly dashboardName: pulumi.Output<string>;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Monitoring", name, {}, opts);
    this.topicArn = new Alarms(`${name}-alarm`, args, { parent: this }).topicArn;
    this.dashboardName = new Dashboard(name, args, { parent: this }).dashboardName;
    this.registerOutputs({ topicArn: this.topicArn, dashboardName: this.dashboardName });
  }
}
