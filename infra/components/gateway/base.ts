import type { ComponentResource } from "@pulumi/pulumi";
import type { Config } from "../../config/readConfig";

/** What each part of the gateway is made with. */
export interface Base {
  name: string;
  config: Config;
  parent: ComponentResource;
}
