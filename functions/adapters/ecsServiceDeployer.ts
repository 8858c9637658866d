import { DescribeServicesCommand, type ECSClient, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import type { ServiceDeployer } from "../ports/serviceDeployer";

/** The ECS service of the proxy. */
export function createEcsServiceDeployer(
  client: ECSClient,
  cluster: string,
  service: string,
): ServiceDeployer {
  const describe: ServiceDeployer["describe"] = async () => {
    const { services } = await client.send(new DescribeServicesCommand({ cluster, services: [service] }));
    const found = services?.[0];
    if (!found) throw new Error(`ECS has no service ${service} in cluster ${cluster}.`);
    return {
      desiredTasks: found.desiredCount ?? 0,
      runningTasks: found.runningCount ?? 0,
      deploymentInProgress: (found.deployments ?? []).some((one) => one.rolloutState === "IN_PROGRESS"),
    };
  };
  return {
    describe,
    forceNewDeployment: async () => {
      if ((await describe()).deploymentInProgress) return;
      await client.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }));
    },
  };
}
