import { environmentName, type Settings, taskSettingNames } from "../../functions/domain/settings";
import type { NginxInstallation } from "../nginx/ensureNginx";

/** The operator's own wishes that concern the agent only. */
const passedOn = ["PATH", "HOME", "TMPDIR", "LANG", "RESOLVER", "TRUSTED_CERTIFICATES", "LOG_LEVEL"];

export interface AgentEnvironmentParts {
  settings: Settings;
  /** Where DynamoDB and S3 are. */
  storage: Record<string, string>;
  nginx: NginxInstallation;
  njsDirectory: string;
  runDirectory: string;
  port: number;
  region: string;
}

/** The environment that the container's task definition gives the agent on AWS. */
export function agentEnvironment(parts: AgentEnvironmentParts): Record<string, string> {
  const inherited = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const settings = taskSettingNames.map(
    (name) => [environmentName(name), String(parts.settings[name])] as const,
  );
  return {
    ...Object.fromEntries(inherited),
    ...Object.fromEntries(settings),
    ...parts.storage,
    GATEWAY_REGION: parts.region,
    TASK_ID: "local",
    PORT: String(parts.port),
    RUN_DIRECTORY: parts.runDirectory,
    NGINX_COMMAND: JSON.stringify(parts.nginx.command),
    NGINX_MODULE: parts.nginx.module,
    NJS_DIRECTORY: parts.njsDirectory,
    STOP_WITH_PARENT: "true",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
}
