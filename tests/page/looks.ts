import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { until } from "../support/poll";
import type { OpenPage } from "./browser";

const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
/** A folder for pictures, for whoever wants to look at them. */
const screenshots = process.env.SCREENSHOTS;

/** What the page looks like on a phone and on a desk, by day and by night. */
export const looks = [360, 1440].flatMap((width) =>
  [false, true].map((dark) => ({ width, dark, name: `${width} px, ${dark ? "dark" : "light"}` })),
);

/** Asked from outside: the page's policy lets nobody evaluate text inside of it. */
export const holds = (page: Page, expression: string) =>
  until(() => page.evaluate(expression), { what: expression });

/** No word on the console, no request to other hosts. */
export function assertQuiet({ complaints, foreignRequests }: OpenPage): void {
  assert.deepEqual(complaints, []);
  assert.deepEqual(foreignRequests, []);
}

/** Nothing sticks out sideways, and axe has no serious finding. */
export async function assertFits({ page }: OpenPage): Promise<void> {
  const overflow = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  assert.equal(overflow, 0, "nothing sticks out sideways");
  await page.evaluate(axeSource);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(
    serious.map(({ id, nodes: [first] }) => [id, first?.html]),
    [],
  );
}

export async function takePicture({ page }: OpenPage, name: string): Promise<void> {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });
}
