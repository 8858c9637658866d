import { createEthersNodeProber } from "../../functions/adapters/ethersNodeProber";
import { probe } from "../../functions/handlers/probe";
import { registry } from "./environment";
import type { FunctionOptions } from "./options";

export const createHandler = ({ settings }: FunctionOptions) =>
  probe({
    registry: registry(),
    prober: createEthersNodeProber({ allowPrivate: settings.allowPrivateNodes }),
    settings,
  });
