import { createDynamoClient, createS3Client } from "../functions/adapters/awsClients";
import { createDynamoRegistry } from "../functions/adapters/dynamoRegistry";
import { createS3ReleaseStore } from "../functions/adapters/s3ReleaseStore";
import { systemClock } from "../functions/adapters/systemClock";
import { createControlPlane } from "../tests/support/controlPlane";
import { runWorkflow, type TaskHandlers } from "../tests/support/runWorkflow";

export interface RunFigures {
  wallSeconds: number;
  cpuSeconds: number;
  memoryMiB: number;
  stateKiB: number;
}

/** The measured process of bench/controlPlane.ts: some health-check runs, and what they took. */
async function main(runs: number): Promise<RunFigures[]> {
  const {
    REGISTRY_TABLE: tableName = "",
    RELEASE_BUCKET: bucket = "",
    AWS_REGION: region = "",
  } = process.env;
  const plane = createControlPlane({
    registry: createDynamoRegistry({ client: createDynamoClient(), tableName, region, clock: systemClock }),
    releaseStore: createS3ReleaseStore(createS3Client(), bucket),
    clock: systemClock,
  });
  const sizes = measureSizes(plane.handlers);
  const figures: RunFigures[] = [];
  for (let run = 0; run < runs; run++) {
    sizes.largest = 0;
    const started = performance.now();
    const cpuBefore = process.cpuUsage();
    await runWorkflow(sizes.handlers, "healthCheck").result;
    const cpu = process.cpuUsage(cpuBefore);
    figures.push({
      wallSeconds: Math.round(performance.now() - started) / 1000,
      cpuSeconds: Math.round((cpu.user + cpu.system) / 1000) / 1000,
      memoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      stateKiB: Math.round(sizes.largest / 1024),
    });
  }
  await assertJudged(plane.registry);
  return figures;
}

async function assertJudged(registry: ReturnType<typeof createDynamoRegistry>): Promise<void> {
  const states = await registry.listStates();
  const healthy = states.filter((state) => state.healthy).length;
  const current = await registry.currentRelease();
  if (states.length !== 1000 || healthy !== 900 || current?.version !== 1) {
    throw new Error(`${states.length} judged, ${healthy} healthy, release ${current?.version}`);
  }
}

function measureSizes(handlers: TaskHandlers) {
  const sizes = { largest: 0, handlers: {} as TaskHandlers };
  for (const [name, handler] of Object.entries(handlers) as [
    keyof TaskHandlers,
    (i: never) => Promise<unknown>,
  ][]) {
    sizes.handlers[name] = async (input: never) => {
      const output = await handler(input);
      sizes.largest = Math.max(
        sizes.largest,
        JSON.stringify(input)?.length ?? 0,
        JSON.stringify(output)?.length ?? 0,
      );
      return output;
    };
  }
  return sizes;
}

main(Number(process.argv[2])).then(
  (figures) => process.send?.(figures, () => process.exit(0)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
