/** The service whose tasks run the proxy (ECS; locally the supervisor of agents). */
export interface ServiceDeployer {
  /** Replaces every task, a new one healthy before an old one goes. Does nothing while such a deployment is under way. */
  forceNewDeployment(reason: string): Promise<void>;
  /** How many tasks there should be and how many run. */
  describe(): Promise<{ desiredTasks: number; runningTasks: number; deploymentInProgress: boolean }>;
}
