import type { RenderInput } from "../../functions/domain/render/renderRelease";
import type { Settings } from "../../functions/domain/settings";
import { type Behaviour, MockNode } from "./mockNode";
import { Nginx, type NginxOptions } from "./nginx";
import { type NodeSpec, poolOf } from "./pool";

export interface Scene {
  nginx: Nginx;
  nodes: MockNode[];
  /** The input that was rendered, to be changed for a reload. */
  input: RenderInput;
}

export interface SceneOptions extends NginxOptions {
  settings?: Partial<Settings>;
  specs?: Partial<NodeSpec>[];
  rest?: Partial<RenderInput>;
}

/** Runs a test against a fresh nginx in front of one node per behaviour; shows nginx's error log when the test throws. */
export async function scene(
  behaviours: Behaviour[],
  test: (scene: Scene) => Promise<void>,
  { settings, specs = [], rest, ...options }: SceneOptions = {},
): Promise<void> {
  const nodes = await Promise.all(behaviours.map((behaviour) => MockNode.start(behaviour)));
  const input = poolOf(
    nodes.map(({ url }, index) => ({ url, ...specs[index] })),
    settings,
    rest,
  );
  let nginx: Nginx | undefined;
  try {
    nginx = await Nginx.start(input, options);
    await test({ nginx, nodes, input });
  } catch (error) {
    process.stderr.write(`nginx's error log:\n${nginx?.errorLog.slice(-4000) ?? ""}\n`);
    throw error;
  } finally {
    await nginx?.stop();
    await Promise.all(nodes.map((node) => node.close()));
  }
}

/** A request with id 1. */
export const request = (method: string, params: unknown = []): object => ({
  jsonrpc: "2.0",
  id: 1,
  method,
  params,
});
