import { ECSClient } from "@aws-sdk/client-ecs";
import { SFNClient } from "@aws-sdk/client-sfn";
import { createDynamoClient, createS3Client } from "../../functions/adapters/awsClients";
import { createDynamoRegistry } from "../../functions/adapters/dynamoRegistry";
import { createEcsServiceDeployer } from "../../functions/adapters/ecsServiceDeployer";
import { createS3ReleaseStore } from "../../functions/adapters/s3ReleaseStore";
import { createSfnWorkflow } from "../../functions/adapters/sfnWorkflow";
import { systemClock } from "../../functions/adapters/systemClock";
import type { Log } from "../../functions/ports/log";
import type { Registry } from "../../functions/ports/registry";
import type { ReleaseStore } from "../../functions/ports/releaseStore";
import type { ServiceDeployer } from "../../functions/ports/serviceDeployer";
import type { Workflow } from "../../functions/ports/workflow";

/** Names and ARNs that the stack puts into a function's environment. */
export function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`The function's environment has no ${name}.`);
  return value;
}

export const gatewayRegion = () => variable("GATEWAY_REGION");

export function registry(): Registry {
  return createDynamoRegistry({
    client: createDynamoClient(),
    tableName: variable("REGISTRY_TABLE"),
    region: gatewayRegion(),
    clock: systemClock,
  });
}

export function releaseStore(): ReleaseStore {
  return createS3ReleaseStore(createS3Client(), variable("RELEASE_BUCKET"));
}

export function deployer(): ServiceDeployer {
  return createEcsServiceDeployer(new ECSClient({}), variable("ECS_CLUSTER"), variable("ECS_SERVICE"));
}

export function workflow(): Workflow {
  return createSfnWorkflow(new SFNClient({}), variable("STATE_MACHINE_ARN"));
}

/** Lambda turns what the console gets into JSON lines with level, time and request id. */
export const log: Log = {
  info: (fields, message) => console.info({ message, ...fields }),
  warn: (fields, message) => console.warn({ message, ...fields }),
  error: (fields, message) => console.error({ message, ...fields }),
};

/** Writes a line as it is, past the console: CloudWatch looks for metrics at the top of the JSON. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
