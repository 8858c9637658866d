import type { NetworkTable } from "../../domain/networkTable";
import type { Settings } from "../../domain/settings";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { Registry } from "../../ports/registry";
import type { ServiceDeployer } from "../../ports/serviceDeployer";
import type { Workflow } from "../../ports/workflow";
import type { PageAssets } from "./buildPage";

export interface AdminDependencies {
  registry: Registry;
  workflow: Workflow;
  /** Asked for the standing of the service; absent where that is not to be shown. */
  deployer?: Pick<ServiceDeployer, "describe">;
  clock: Clock;
  networks: () => Promise<NetworkTable>;
  settings: Pick<Settings, "allowPrivateNodes" | "requireKeys" | "keyRatePerSecond" | "keyBurst">;
  /**
   * Host names (without port) under which the API may be called; a page of any other host, or one that resolves its own name to
   * our address (DNS rebinding), is refused. Lower case. `any` where callers have to sign or hold a key (API Gateway).
   */
  allowedHosts: string[] | "any";
  /** Not given: there is only the API. */
  page?: PageAssets;
  log: Log;
}

/** Names of this machine, for an API on loopback. */
export const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"];
