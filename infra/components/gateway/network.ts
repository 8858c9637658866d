import { Network } from "../network";
import type { Base } from "./base";

/** The VPC: one of its own, or the one that is given. */
export function makeNetwork({ name, config, parent }: Base): Network {
  return new Network(
    name,
    {
      region: config.region,
      vpcId: config.vpcId,
      privateSubnetIds: config.privateSubnetIds,
      publicSubnetIds: config.publicSubnetIds,
      natGateways: config.natGateways,
    },
    { parent },
  );
}
