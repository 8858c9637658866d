import { type Context, Hono } from "hono";
import type { NodeLimits } from "../../domain/node";
import {
  type AddNode,
  LeaderExistsError,
  NodeExistsError,
  NodeNotFoundError,
  type NodePatch,
} from "../../ports/registry";
import type { AdminDependencies } from "./dependencies";
import { toBackend } from "./presentation";
import { invalid, notFound, readBody } from "./readBody";
import { addBackendType, patchBackendType } from "./schemas";
import { startRun } from "./startRun";

/** `/backends`: the registered nodes. */
export function backendRoutes(dependencies: AdminDependencies): Hono {
  const { registry } = dependencies;
  const app = new Hono();
  app.get("/", async (c) => {
    const [nodes, states] = await Promise.all([registry.listNodes(), registry.listStates()]);
    const stateOf = new Map(states.map((state) => [state.nodeId, state]));
    return c.json(nodes.map((node) => toBackend(node, stateOf.get(node.id))));
  });
  app.get("/:id", async (c) => {
    const [node, states] = await Promise.all([find(dependencies, c.req.param("id")), registry.listStates()]);
    if (!node) return notFound(c);
    return c.json(
      toBackend(
        node,
        states.find((state) => state.nodeId === node.id),
      ),
    );
  });
  app.post("/", (c) => add(dependencies, c));
  app.patch("/:id", (c) => patch(dependencies, c, c.req.param("id")));
  app.delete("/:id", (c) => remove(dependencies, c, c.req.param("id")));
  app.all("/", (c) => c.json({ error: "method_not_allowed" }, 405, { Allow: "GET, HEAD, POST" }));
  app.all("/:id", (c) => c.json({ error: "method_not_allowed" }, 405, { Allow: "GET, HEAD, PATCH, DELETE" }));
  return app;
}

async function add(dependencies: AdminDependencies, c: Context): Promise<Response> {
  const table = await dependencies.networks();
  const networks = table.networks.map((network) => network.name);
  const allowPrivate = dependencies.settings.allowPrivateNodes;
  const body = await readBody(c, addBackendType({ allowPrivate, networks }));
  if (body instanceof Response) return body;
  const network = body.network ?? table.defaultNetwork;
  if (network === undefined) {
    return invalid(c, [{ field: "network", message: "must be given: there is no default network" }]);
  }
  const node: AddNode = {
    network,
    url: body.url,
    wsUrl: body.ws_url,
    headers: body.headers,
    name: body.name,
    isLeader: body.is_leader,
    weight: body.weight,
    drained: false,
    source: "admin",
    limits: limitsOf(body),
  };
  try {
    const added = await dependencies.registry.addNode(node);
    await startRun(dependencies, "healthCheck");
    return c.json(toBackend(added), 201, { Location: `/backends/${added.id}` });
  } catch (error) {
    return conflict(c, error);
  }
}

async function patch(dependencies: AdminDependencies, c: Context, id: string): Promise<Response> {
  if (!(await find(dependencies, id))) return notFound(c);
  const body = await readBody(c, patchBackendType);
  if (body instanceof Response) return body;
  const changes: NodePatch = {
    weight: body.weight,
    drained: body.drained,
    isLeader: body.is_leader,
    name: body.name,
    maxRequestsPerSecond: body.max_rps,
    maxConcurrency: body.max_concurrency,
    monthlyCredits: body.monthly_credits,
  };
  try {
    const node = await dependencies.registry.updateNode(id, changes);
    await startRun(dependencies, "render");
    const states = await dependencies.registry.listStates();
    return c.json(
      toBackend(
        node,
        states.find((state) => state.nodeId === id),
      ),
    );
  } catch (error) {
    return conflict(c, error);
  }
}

async function remove(dependencies: AdminDependencies, c: Context, id: string): Promise<Response> {
  if (!isNodeId(id)) return notFound(c);
  try {
    await dependencies.registry.deleteNode(id);
    await startRun(dependencies, "render");
    return c.body(null, 204);
  } catch (error) {
    return conflict(c, error);
  }
}

const isNodeId = (id: string) => /^n[0-9a-f]{16}$/.test(id);

async function find({ registry }: AdminDependencies, id: string) {
  return isNodeId(id) ? registry.getNode(id) : undefined;
}

function conflict(c: Context, error: unknown): Response {
  if (error instanceof NodeNotFoundError) return notFound(c);
  if (error instanceof NodeExistsError)
    return c.json({ error: "already_exists", message: error.message }, 409);
  if (error instanceof LeaderExistsError)
    return c.json({ error: "leader_exists", message: error.message }, 409);
  throw error;
}

function limitsOf(body: {
  max_rps?: number;
  max_concurrency?: number;
  monthly_credits?: number;
}): NodeLimits | undefined {
  const limits: NodeLimits = {};
  if (body.max_rps !== undefined) limits.maxRequestsPerSecond = body.max_rps;
  if (body.max_concurrency !== undefined) limits.maxConcurrency = body.max_concurrency;
  if (body.monthly_credits !== undefined) limits.monthlyCredits = body.monthly_credits;
  return Object.keys(limits).length > 0 ? limits : undefined;
}
