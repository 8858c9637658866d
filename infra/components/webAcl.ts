import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface WebAclArgs {
  /** In front of a load balancer of this region, or of CloudFront. */
  scope: "REGIONAL" | "CLOUDFRONT";
  requestsPer5Minutes: number;
}

/**
 * AWS's rule groups that suit JSON-RPC. The common rule set is left out: its body rules take call data for attacks
 * and refuse bodies above 8 KiB.
 */
const managedRules = ["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet"];

/** Refuses floods, addresses of ill repute and known attacks before they reach a task. */
export class WebAcl extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: WebAclArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:WebAcl", name, {}, opts);
    const acl = new aws.wafv2.WebAcl(
      name,
      {
        scope: args.scope,
        // CloudFront's lists live in us-east-1.
        ...(args.scope === "CLOUDFRONT" && { region: "us-east-1" }),
        defaultAction: { allow: {} },
        rules: [rateRule(args.requestsPer5Minutes), ...managedRules.map(managedRule)],
        visibilityConfig: visible("all"),
      },
      { parent: this },
    );
    this.arn = acl.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

function visible(metricName: string) {
  return { cloudwatchMetricsEnabled: true, sampledRequestsEnabled: false, metricName };
}

function rateRule(limit: number) {
  return {
    name: "rate",
    priority: 0,
    action: { block: { customResponse: { responseCode: 429 } } },
    statement: { rateBasedStatement: { aggregateKeyType: "IP", limit, evaluationWindowSec: 300 } },
    visibilityConfig: visible("rate"),
  };
}

function managedRule(name: string, index: number) {
  return {
    name,
    priority: index + 1,
    overrideAction: { none: {} },
    statement: { managedRuleGroupStatement: { vendorName: "AWS", name } },
    visibilityConfig: visible(name),
  };
}
