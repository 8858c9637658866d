import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "mocha";
import type { AddKey, Registry } from "../../functions/ports/registry";
import { type Emulators, startEmulators } from "../support/emulators";
import { until } from "../support/poll";
import { Browser, chromiumOrSkip } from "./browser";
import { serveAdminApp } from "./fakeGateway";
import { assertFits, assertQuiet, holds, looks, takePicture } from "./looks";

const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;
const dayMs = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString();

describe("keys on the status page", function () {
  this.timeout(60_000);
  let emulators: Emulators;
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveAdminApp>>;
  let registry: Registry;
  let regions = 0;

  before(async function () {
    const chromium = await chromiumOrSkip(this);
    [emulators, browser] = await Promise.all([startEmulators(), Browser.start(chromium)]);
  });
  after(() => Promise.all([server?.close(), browser?.close(), emulators?.close()]));
  beforeEach(async () => {
    await server?.close();
    registry = emulators.registry(`page-keys-${regions++}`);
    for (const key of await registry.listKeys()) await registry.deleteKey(key.id);
    server = await serveAdminApp(registry, { requireKeys: true });
  });

  const addKey = async (key: AddKey) => (await registry.addKey(key)).key.id;
  async function report(callsByKey: Record<string, number>): Promise<void> {
    const at = new Date().toISOString();
    await registry.putTask({
      ...{ taskId: "task-1", releaseVersion: 1, startedAt: at, reportedAt: at, draining: false },
      counters: { requestsByStatus: {}, callsByNode: {}, callsByKey },
    });
  }
  async function usualKeys(): Promise<string> {
    const origins = ["https://app.example.org", "https://staging.example.org"];
    const shop = await addKey({ name: "shop", networks: ["mainnet"], ratePerSecond: 50, burst: 200 });
    await addKey({ name: "Web page", origins, methods: ["eth_*", "net_version"], expiresAt: inDays(90.4) });
    await addKey({ name: "Trial of a partner with a long name, until Friday", expiresAt: inDays(2.4) });
    await addKey({ name: "old", expiresAt: inDays(-3) });
    return shop;
  }
  const rows = "#keys tbody tr";

  for (const { width, dark, name } of looks) {
    it(`look right at ${name}, and are accessible, their dialogs too`, async () => {
      const shop = await usualKeys();
      await report({ [shop]: 1200 });
      const open = await browser.open(server.url, { width, dark });
      const { page } = open;
      await page.waitForSelector(rows);
      await report({ [shop]: 1500 });
      await holds(page, `document.querySelector("#keys").innerText.includes("/s")`);
      await holds(page, `document.querySelector("${rows}").innerText.includes("1,500")`);
      await holds(
        page,
        `document.querySelector("${rows}:last-child td:nth-of-type(4)").innerText.trim() === "0"`,
      );
      await assertFits(open);
      await takePicture(open, `keys, ${name}`);
      await page.getByRole("button", { name: "Create key …" }).click();
      await page.getByText("More limits").click();
      await assertFits(open);
      await takePicture(open, `keys, form, ${name}`);
      await page.fill("input[name=name]", "new");
      await page.keyboard.press("Enter");
      await page.waitForSelector("code.secret");
      await assertFits(open);
      await takePicture(open, `keys, shown, ${name}`);
      await page.getByRole("button", { name: "Done" }).click();
      await page.getByRole("button", { name: "Revoke shop" }).click();
      await assertFits(open);
      await takePicture(open, `keys, revoked, ${name}`);
      assertQuiet(open);
      await page.close();
    });
  }

  it("are made by keyboard with all their limits, shown once, copied, and gone from the page then", async () => {
    const open = await browser.open(server.url);
    const { page } = open;
    await browser.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.waitForSelector("text=there is no key yet");
    await page.getByRole("button", { name: "Create key …" }).press("Enter");
    const type = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard[key === "Tab" ? "press" : "type"](key);
    };
    await type("shop", "Tab", "2.5", "Tab", "7", "Tab", "in 30", "Tab");
    await page.keyboard.press("Space");
    await type("Tab", "Tab");
    await page.keyboard.press("Space");
    await type("Tab", "https://app.example.org,http://localhost:3000", "Tab", "eth_*");
    await page.keyboard.press("Enter");
    const text = (await page.textContent("code.secret")) ?? "";
    assert.match(text, /^gw_[\w-]{43}$/);
    const [key] = await registry.listKeys();
    const { name, networks, ratePerSecond, burst, origins, methods } = key!;
    assert.deepEqual(
      { name, networks, ratePerSecond, burst, origins, methods },
      {
        ...{ name: "shop", networks: ["mainnet"], ratePerSecond: 2.5, burst: 7, methods: ["eth_*"] },
        origins: ["https://app.example.org", "http://localhost:3000"],
      },
    );
    assert.ok(Math.abs(Date.parse(key!.expiresAt ?? "") - Date.parse(inDays(30))) < 60_000);
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=Copied.");
    assert.equal(await page.evaluate("navigator.clipboard.readText()"), text);
    await page.keyboard.press("Escape");
    await page.waitForSelector(rows);
    await until(async () => !(await page.content()).includes(text), {
      what: "the key is gone from the page",
    });
    assert.equal(await page.evaluate("localStorage.length + sessionStorage.length"), 0);
    assertQuiet(open);
    await page.close();
  });

  it("are not lost to one Escape before they were copied", async () => {
    const open = await browser.open(server.url);
    const { page } = open;
    await page.getByRole("button", { name: "Create key …" }).click();
    await page.keyboard.type("shop");
    await page.keyboard.press("Enter");
    await page.waitForSelector("code.secret");
    await page.keyboard.press("Escape");
    await page.waitForSelector("text=Not copied yet");
    await page.keyboard.press("Escape");
    await page.waitForSelector("code.secret", { state: "detached" });
    await page.close();
  });

  it("are not made with a limit that is no number, and the form says why", async () => {
    const open = await browser.open(server.url);
    const { page } = open;
    await page.getByRole("button", { name: "Create key …" }).click();
    await page.fill("input[name=name]", "shop");
    await page.fill("input[name=rate]", "ten");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog [role=alert]:has-text('rate_per_second: must be a number')");
    assert.deepEqual(await registry.listKeys(), []);
    await page.close();
  });

  it("are revoked with a second word, by keyboard too", async () => {
    await addKey({ name: "shop" });
    const open = await browser.open(server.url);
    const { page } = open;
    const revoke = page.getByRole("button", { name: "Revoke shop" });
    await revoke.press("Enter");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open]", { state: "detached" });
    assert.equal((await registry.listKeys()).length, 1, "the first choice is to leave it");
    await revoke.press("Enter");
    await page.getByRole("button", { name: "Revoke", exact: true }).press("Enter");
    await page.waitForSelector(rows, { state: "detached" });
    assert.deepEqual(await registry.listKeys(), []);
    assertQuiet(open);
    await page.close();
  });

  it("show their names as text", async () => {
    await addKey({ name: hostile.slice(0, 64) });
    const open = await browser.open(server.url);
    const { page } = open;
    await page.waitForSelector(rows);
    await page.getByRole("button", { name: "Revoke" }).click();
    assert.ok((await page.textContent("#dialog-title"))?.includes("<img"));
    assert.equal(await page.locator("img, main script").count(), 0);
    assertQuiet(open);
    await page.close();
  });

  it("are found by name or id among many", async () => {
    for (let index = 0; index < 120; index++) await addKey({ name: `client ${index}` });
    const open = await browser.open(server.url);
    const { page } = open;
    await page.waitForSelector("text=The 100 newest of 120 are shown.");
    await page.getByRole("searchbox").fill("Client 11");
    await until(async () => (await page.locator(rows).count()) === 11, { what: "11, 110 to 119" });
    await page.getByRole("searchbox").fill("nobody");
    await page.waitForSelector("text=No key has this name or id.");
    assertQuiet(open);
    await page.close();
  });

  it("say so when callers need none, and are left out where nobody may see them", async () => {
    await server.close();
    server = await serveAdminApp(registry);
    const open = await browser.open(server.url);
    await open.page.waitForSelector("text=Callers are served without a key too.");
    await open.page.route("**/keys", (route) => route.fulfill({ status: 404, body: "{}" }));
    await open.page.reload();
    await open.page.waitForSelector("#networks .card");
    assert.equal(await open.page.locator("#keys").isVisible(), false);
    await open.page.close();
  });
});
