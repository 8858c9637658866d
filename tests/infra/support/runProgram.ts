import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { RecordedStack } from "./recordStack";

const root = join(__dirname, "../../..");

export interface ProgramRun {
  /** Holds each function's unpacked archive under its name. */
  folder: string;
  stack: RecordedStack;
  outputs: string[];
  /** What was written, byte for byte. */
  text: string;
  remove(): void;
}

export type ProgramConfig = Record<string, string>;

/** Runs the whole program with the given config as Pulumi would, AWS mocked. @throws with the program's message */
export async function runProgram(config: ProgramConfig): Promise<ProgramRun> {
  const folder = mkdtempSync(join(tmpdir(), "gateway-program-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const support = join(root, "tests/infra/support");
  try {
    await promisify(execFile)(
      process.execPath,
      ["--require", join(support, "pulumiLoader.cjs"), join(support, "programChild.ts"), folder],
      { cwd: root, env: { ...cleanEnvironment(), PULUMI_CONFIG: JSON.stringify(config) } },
    );
  } catch (error) {
    remove();
    throw error;
  }
  const text = readFileSync(join(folder, "resources.json"), "utf8");
  const { resources, outputs } = JSON.parse(text);
  return { folder, stack: new RecordedStack(resources), outputs, text, remove };
}

/** Without what this process' own loader has set. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  return environment;
}
