import { Agent as HttpAgent } from "node:http";
import type { AgentTask } from "./harness";

/** Calls one after the other on `clients` keep-alive connections, until told to stop. */
export function startLoad(task: AgentTask, clients: number) {
  const connections = new HttpAgent({ keepAlive: true, maxSockets: clients });
  const load = { answered: 0, lastFailure: 0, failures: [] as string[] };
  let stopped = false;
  const client = async (): Promise<void> => {
    while (!stopped) {
      try {
        const { status } = await task.get("/", connections);
        if (status !== 200) throw new Error(`status ${status}`);
        load.answered++;
      } catch (error) {
        load.lastFailure = Date.now();
        load.failures.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const running = Promise.all(Array.from({ length: clients }, client));
  const stop = async () => {
    stopped = true;
    await running;
    connections.destroy();
    return load;
  };
  return Object.assign(load, { stop });
}
