import * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/readConfig";
import { makeAdmin } from "./gateway/admin";
import type { Base } from "./gateway/base";
import { makeControl } from "./gateway/control";
import { makeFront } from "./gateway/front";
import { makeMonitoring } from "./gateway/monitoring";
import { makeNetwork } from "./gateway/network";
import { makeProxy } from "./gateway/proxy";
import { makeStores } from "./gateway/stores";

/** The whole system of one stack. */
export class Gateway extends pulumi.ComponentResource {
  /** Where clients point their RPC URL. */
  readonly url: pulumi.Output<string>;
  readonly adminUrl: pulumi.Output<string>;
  readonly adminFunctionName: pulumi.Output<string>;
  readonly registryTableName: pulumi.Output<string>;
  readonly releaseBucketName: pulumi.Output<string>;
  readonly stateMachineArn: pulumi.Output<string>;
  readonly serviceArn: pulumi.Output<string>;
  readonly alarmTopicArn: pulumi.Output<string>;
  readonly dashboardName: pulumi.Output<string>;

  constructor(name: string, config: Config, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Gateway", name, {}, opts);
    const parts: Base = { name, config, parent: this };
    const network = makeNetwork(parts);
    const stores = makeStores(parts);
    const front = makeFront(parts, network);
    const proxy = makeProxy(parts, network, stores, front.entrance);
    const control = makeControl(parts, network, stores, proxy);
    const admin = makeAdmin(parts, stores, proxy, control);
    const monitoring = makeMonitoring(parts, front.entrance, proxy, control, admin);

    this.url = front.edge.url;
    this.adminUrl = admin.api.url;
    this.adminFunctionName = admin.functions.admin.functionName;
    this.registryTableName = stores.registry.tableName;
    this.releaseBucketName = stores.releases.bucketName;
    this.stateMachineArn = control.workflow.arn;
    this.serviceArn = proxy.service.id;
    this.alarmTopicArn = monitoring.topicArn;
    this.dashboardName = monitoring.dashboardName;
    this.registerOutputs({ url: this.url, adminUrl: this.adminUrl });
  }
}
