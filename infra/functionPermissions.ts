import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../functions/domain/settings";
import type { Permission } from "./permissions";
import {
  type Registry,
  readCurrentRelease,
  registryAccess,
  restoreReleases,
  writeReleases,
} from "./storeAccess";

/** What functions and tasks act on. */
export interface Subjects {
  registry: Registry;
  releaseBucketArn: pulumi.Input<string>;
}

/** Exactly what each function's handler does with AWS; tests/infra/permissions.test.ts holds it against the calls it makes. */

export function listNodesPermissions({ registry }: Subjects): Permission[] {
  return registryAccess(registry, { Query: ["NODE", "LEADER"] });
}

export function probePermissions({ registry }: Subjects): Permission[] {
  return registryAccess(registry, { BatchGetItem: ["NODE"], Query: ["LEADER"] });
}

export function evaluatePermissions({ registry, releaseBucketArn }: Subjects): Permission[] {
  return [
    ...registryAccess(registry, {
      Query: ["NODE", "LEADER", "STATE", "REFERENCE", "TASK", "CREDIT"],
      PutItem: ["STATE", "REFERENCE", "CREDIT"],
      GetItem: ["RELEASE"],
    }),
    ...readCurrentRelease(releaseBucketArn),
  ];
}

export function renderPermissions({ registry, releaseBucketArn }: Subjects): Permission[] {
  return [
    ...registryAccess(registry, {
      Query: ["NODE", "LEADER", "STATE", "RELEASE"],
      GetItem: ["RELEASE"],
      UpdateItem: ["RELEASE"],
      PutItem: ["RELEASE"],
    }),
    ...writeReleases(releaseBucketArn),
  ];
}

export function redeployPermissions(
  { registry, releaseBucketArn }: Subjects,
  serviceArn: pulumi.Input<string>,
): Permission[] {
  return [
    ...registryAccess(registry, {
      Query: ["NODE", "LEADER", "STATE", "RELEASE", "TASK"],
      GetItem: ["RELEASE", "FACT", "HISTORY"],
      PutItem: ["RELEASE", "FACT", "HISTORY", "EVENT"],
      UpdateItem: ["RELEASE"],
    }),
    ...restoreReleases(releaseBucketArn),
    { actions: ["ecs:DescribeServices", "ecs:UpdateService"], resources: [serviceArn] },
  ];
}

export function seedNodesPermissions(
  { registry }: Subjects,
  secretArn: pulumi.Input<string>,
  stateMachineArn: pulumi.Input<string>,
): Permission[] {
  return [
    ...nodeWriting(registry),
    { actions: ["secretsmanager:GetSecretValue"], resources: [secretArn] },
    startWorkflow(stateMachineArn),
  ];
}

export function adminPermissions(
  { registry }: Subjects,
  stateMachineArn: pulumi.Input<string>,
  serviceArn: pulumi.Input<string>,
): Permission[] {
  return [
    ...nodeWriting(registry),
    { actions: ["ecs:DescribeServices"], resources: [serviceArn] },
    ...registryAccess(registry, {
      UpdateItem: ["NODE"],
      Query: ["STATE", "REFERENCE", "RELEASE", "TASK", "HISTORY", "EVENT", "KEY"],
      GetItem: ["RELEASE", "HISTORY"],
      PutItem: ["RELEASE", "KEY"],
      DeleteItem: ["KEY"],
    }),
    startWorkflow(stateMachineArn),
  ];
}

export function authorizerPermissions(secretArn: pulumi.Input<string>): Permission[] {
  return [{ actions: ["secretsmanager:GetSecretValue"], resources: [secretArn] }];
}

/**
 * The agent in the task: the only part that strangers can reach. It can change its own heartbeat, nothing else, and read the hashes of
 * keys where callers need one.
 */
export function taskPermissions(
  { registry, releaseBucketArn }: Subjects,
  { requireKeys }: Pick<Settings, "requireKeys">,
): Permission[] {
  return [
    ...registryAccess(registry, { PutItem: ["TASK"], DeleteItem: ["TASK"] }),
    ...(requireKeys ? registryAccess(registry, { GetItem: ["KEY"], Query: ["KEY"] }) : []),
    ...readCurrentRelease(releaseBucketArn),
  ];
}

function nodeWriting(registry: Registry): Permission[] {
  return registryAccess(registry, {
    Query: ["NODE", "LEADER"],
    BatchGetItem: ["NODE"],
    GetItem: ["NODE", "LEADER", "FACT"],
    PutItem: ["NODE", "LEADER", "FACT"],
    DeleteItem: ["NODE", "LEADER", "STATE"],
  });
}

function startWorkflow(stateMachineArn: pulumi.Input<string>): Permission {
  return { actions: ["states:StartExecution"], resources: [stateMachineArn] };
}
