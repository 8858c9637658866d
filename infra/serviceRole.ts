import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { assumableBy, type Permission, policyDocument } from "./permissions";

/** A role that one AWS service takes, with one inline policy. Its policy is `ready` before it is used. */
export interface ServiceRole {
  role: aws.iam.Role;
  /** What a user of the role should depend on: without it the first calls may be refused. */
  ready: pulumi.Resource[];
}

export function makeServiceRole(
  name: string,
  service: string,
  permissions: Permission[],
  parent: pulumi.Resource,
): ServiceRole {
  const role = new aws.iam.Role(name, { assumeRolePolicy: assumableBy(service) }, { parent });
  if (permissions.length === 0) return { role, ready: [role] };
  const policy = new aws.iam.RolePolicy(
    name,
    { role: role.id, policy: policyDocument(permissions) },
    { parent },
  );
  return { role, ready: [role, policy] };
}
