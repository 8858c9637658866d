import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeArchives } from "./archives";
import { recordStack } from "./recordStack";

/**
 * Runs the real entry point (package.json's `main`) under mocks with the config in `PULUMI_CONFIG`, in a process of its own:
 * `programChild.ts <folder>` leaves `resources.json` and each function's unpacked archive there.
 */
async function main(folder: string): Promise<void> {
  const outputs: Record<string, unknown> = {};
  const stack = await recordStack(() => Object.assign(outputs, require("../../../infra/index")));
  const resources = await writeArchives(stack.resources, folder);
  // Pulumi registers what does not wait for one another in any order.
  resources.sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
  writeFileSync(
    join(folder, "resources.json"),
    JSON.stringify({ resources, outputs: Object.keys(outputs).sort() }, null, 2),
  );
}

main(process.argv[2]!).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
