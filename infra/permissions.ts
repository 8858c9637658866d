import * as pulumi from "@pulumi/pulumi";

/** Something a role may do: exact actions on exact resources. */
export interface Permission {
  actions: string[];
  resources: pulumi.Input<string>[];
  /** Condition operator → key → values, as in a policy document. */
  condition?: Record<string, Record<string, pulumi.Input<pulumi.Input<string>[]>>>;
}

/** A policy document that allows `permissions` and nothing else. */
export function policyDocument(permissions: Permission[]): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: permissions.map(({ actions, resources, condition }) => ({
      Effect: "Allow",
      Action: actions,
      Resource: resources,
      ...(condition && { Condition: condition }),
    })),
  });
}

/** Who may take a role: one AWS service. */
export function assumableBy(service: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: service } }],
  });
}
