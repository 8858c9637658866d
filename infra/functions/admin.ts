import { Hono } from "hono";
import { fetchEvents } from "./fetchEvents";
import type { FunctionOptions } from "./options";

export const createHandler = (_options: FunctionOptions) => {
  const app = new Hono();
  return fetchEvents((request) => app.fetch(request));
};
