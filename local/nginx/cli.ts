/** Prints the nginx installation as JSON; what is being done goes to stderr. */
import { ensureNginx, NginxUnavailableError } from "./ensureNginx";

ensureNginx((line) => process.stderr.write(`${line}\n`)).then(
  (installation) => process.stdout.write(`${JSON.stringify(installation)}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof NginxUnavailableError ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
