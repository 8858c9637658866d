import { type SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import type { Workflow } from "../ports/workflow";

/** The state machine on AWS. */
export function createSfnWorkflow(client: SFNClient, stateMachineArn: string): Workflow {
  return {
    start: async (mode) => {
      await client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ mode }) }));
    },
  };
}
