import { runSimulation } from "@cloud-copilot/iam-simulate";
import type { AwsCall } from "./awsRecorder";
import { account } from "./mockAws";

/** A statement of a role's policy. */
export interface Statement {
  Action: string[];
  Resource: string[];
  Condition?: { "ForAllValues:StringEquals"?: Record<string, string[]> };
}

/** Calls that the policy does not allow, each once. */
export async function refusedCalls(statements: Statement[], calls: AwsCall[]): Promise<string[]> {
  const policy = { Version: "2012-10-17", Statement: statements.map((one) => ({ ...one, Effect: "Allow" })) };
  const refused = new Set<string>();
  for (const call of calls) {
    const result = await runSimulation(
      {
        request: {
          principal: `arn:aws:iam::${account}:role/test`,
          action: call.action,
          resource: { resource: call.resource, accountId: account },
          contextVariables: call.context,
        },
        identityPolicies: [{ name: "inline", policy }],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
      },
      {},
    );
    if (result.resultType === "error") throw new Error(`${shown(call)}: ${JSON.stringify(result.errors)}`);
    if (result.overallResult !== "Allowed") refused.add(shown(call));
  }
  return [...refused].sort();
}

/**
 * What the policy allows and no call needed: action by action, resource by resource, and for the registry partition by
 * partition.
 */
export function unusedGrants(statements: Statement[], calls: AwsCall[]): string[] {
  const unused: string[] = [];
  for (const { Action, Resource, Condition } of statements) {
    const partitions = Condition?.["ForAllValues:StringEquals"]?.["dynamodb:LeadingKeys"];
    for (const action of Action) {
      for (const resource of Resource) {
        const used = calls.filter((call) => call.action === action && covers(resource, call.resource));
        if (!partitions && used.length === 0) unused.push(`${action} ${resource}`);
        const touched = new Set(used.flatMap((call) => call.context["dynamodb:LeadingKeys"] ?? []));
        for (const partition of partitions ?? []) {
          if (!touched.has(partition)) unused.push(`${action} ${partition}`);
        }
      }
    }
  }
  return unused.sort();
}

function covers(pattern: string, resource: string): boolean {
  const [start = "", ...rest] = pattern.split("*");
  return rest.length === 0 ? pattern === resource : resource.startsWith(start);
}

function shown({ action, resource, context }: AwsCall): string {
  return [action, resource, ...Object.values(context).flat()].join(" ");
}
