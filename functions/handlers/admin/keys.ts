import { type Context, Hono } from "hono";
import type { ApiKey } from "../../domain/keys/apiKey";
import { KeyNotFoundError, TooManyKeysError } from "../../ports/registry";
import type { AdminDependencies } from "./dependencies";
import { addKeyType } from "./keySchema";
import { notFound, readBody } from "./readBody";

/** `/keys`: the keys of callers. Proxies take changes up by themselves within seconds; no release follows from them. */
export function keyRoutes(dependencies: AdminDependencies): Hono {
  const { registry, clock } = dependencies;
  const app = new Hono();
  app.get("/", async (c) => {
    const keys = await registry.listKeys();
    const oldestFirst = keys.sort((a, b) => (a.whenCreated < b.whenCreated ? -1 : 1));
    return c.json(oldestFirst.map((key) => toKeyView(key, clock.now())));
  });
  app.post("/", (c) => add(dependencies, c));
  app.delete("/:id", (c) => remove(dependencies, c, c.req.param("id")));
  app.all("/", (c) => c.json({ error: "method_not_allowed" }, 405, { Allow: "GET, HEAD, POST" }));
  app.all("/:id", (c) => c.json({ error: "method_not_allowed" }, 405, { Allow: "DELETE" }));
  return app;
}

async function add(dependencies: AdminDependencies, c: Context): Promise<Response> {
  const { registry, clock } = dependencies;
  const { networks } = await dependencies.networks();
  const now = clock.now();
  const body = await readBody(c, addKeyType({ networks: networks.map(({ name }) => name), now }));
  if (body instanceof Response) return body;
  try {
    const { key, text } = await registry.addKey({
      name: body.name,
      networks: body.networks,
      ratePerSecond: body.rate_per_second,
      burst: body.burst,
      expiresAt: body.expires_at,
      origins: body.origins,
      methods: body.methods,
    });
    return c.json({ ...toKeyView(key, now), key: text }, 201);
  } catch (error) {
    if (error instanceof TooManyKeysError) {
      return c.json({ error: "too_many_keys", message: error.message }, 409);
    }
    throw error;
  }
}

async function remove({ registry }: AdminDependencies, c: Context, id: string): Promise<Response> {
  if (!/^k[0-9a-f]{16}$/.test(id)) return notFound(c);
  try {
    await registry.deleteKey(id);
    return c.body(null, 204);
  } catch (error) {
    if (error instanceof KeyNotFoundError) return notFound(c);
    throw error;
  }
}

/** A key as the API shows it: neither its text nor its hash. */
function toKeyView(key: ApiKey, now: Date) {
  return {
    id: key.id,
    name: key.name,
    networks: key.networks ?? null,
    rate_per_second: key.ratePerSecond ?? null,
    burst: key.burst ?? null,
    expires_at: key.expiresAt ?? null,
    is_expired: key.expiresAt !== undefined && Date.parse(key.expiresAt) <= now.getTime(),
    origins: key.origins ?? null,
    methods: key.methods ?? null,
    when_created: key.whenCreated,
  };
}
export type KeyView = ReturnType<typeof toKeyView>;
/** What the one answer has that shows the key itself. */
export type CreatedKeyView = KeyView & { key: string };
