import { Output } from "../../proxy-image/agent/logs/output";
import { createJsonLogger } from "./log";
import type { Step, View } from "./view";

/** Time in which a reader may take what is left at the end. */
const flushMs = 300;

/** For programs: every event a line of JSON on stdout, the agent's lines (requests included) among them. */
export class JsonView implements View {
  readonly #output = new Output();
  readonly logger = createJsonLogger(this.#output);
  readonly agentLines = "inherit";

  async runSteps(groups: Step[][]): Promise<void> {
    for (const group of groups) {
      await Promise.all(
        group.map(async ({ title, run }) => {
          const started = Date.now();
          await run((line) => this.logger.info({ step: title }, line));
          this.logger.info({ step: title, ms: Date.now() - started }, "step done");
        }),
      );
    }
  }

  serving(urls: { proxyUrl: string; adminUrl: string }): void {
    this.logger.info(urls, "gateway serves");
  }

  stopping(): void {
    this.logger.info("gateway stops");
  }

  async close(): Promise<void> {
    await this.#output.flush(flushMs);
  }
}
