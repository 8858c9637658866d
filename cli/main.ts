import { Command, CommanderError, Option } from "commander";
import { redactText } from "../functions/domain/redact";
import { CliError } from "./adminClient";
import { addCheck } from "./commands/check";
import { addDashboard } from "./commands/dashboard";
import { addKeys } from "./commands/keys";
import { addNodes } from "./commands/nodes";
import { addReleases } from "./commands/releases";
import { addStatus } from "./commands/status";
import { exitCodes } from "./context";

const after = `
Exit codes: 0 done, 1 failed, 2 misspelt, 3 looked at and not healthy.
On AWS give the stack's admin URL (\`pulumi stack output adminUrl\`); calls are signed with your usual AWS profile.`;

function createProgram(): Command {
  const program = new Command("jsonrpc-gateway")
    .description("Looks at a gateway and steers it.")
    .option("--url <url>", "admin API (or GATEWAY_ADMIN_URL)")
    .option("--profile <name>", "AWS profile that signs calls to API Gateway")
    .option("--region <name>", "AWS region, where the admin API has a domain of your own")
    .addOption(new Option("--api-key <key>", "key of the admin API (better: GATEWAY_API_KEY)"))
    .option("--json", "answers as JSON, for scripts")
    .addHelpText("after", after)
    .exitOverride()
    .showHelpAfterError("(--help tells more)");
  for (const add of [addStatus, addNodes, addKeys, addReleases, addCheck, addDashboard]) add(program);
  return program;
}

async function main(args: string[]): Promise<void> {
  try {
    await createProgram().parseAsync(args);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${error instanceof CliError ? message : redactText(message)}\n`);
    process.exitCode = exitCodes.failed;
  }
}

// `| head` closes the pipe early: that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
  throw error;
});
void main(process.argv);
