import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { type Chromium, ensureChromium } from "../support/chromium";

/** For `before`: a browser to test with; where none can be had, says so and leaves the tests out. */
export async function chromiumOrSkip(context: Mocha.Context): Promise<Chromium> {
  context.timeout(600_000);
  try {
    return await ensureChromium((line) => process.stdout.write(`      ${line}\n`));
  } catch (error) {
    process.stdout.write(`      NO CHROMIUM, THE PAGE IS NOT TESTED: ${(error as Error).message}\n`);
    return context.skip();
  }
}

/** A browser with a profile of its own that speaks to nobody but the page's host. */
export class Browser {
  private constructor(
    readonly context: BrowserContext,
    private readonly folder: string,
  ) {}

  static async start({ executablePath, environment }: Chromium): Promise<Browser> {
    const folder = await mkdtemp(path.join(tmpdir(), "browser-"));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath,
      env: environment,
      headless: true,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    return new Browser(context, folder);
  }

  async open(url: string, options: { width?: number; dark?: boolean } = {}): Promise<OpenPage> {
    const page = await this.context.newPage();
    await page.setViewportSize({ width: options.width ?? 1440, height: 900 });
    await page.emulateMedia({ colorScheme: options.dark ? "dark" : "light" });
    const open = new OpenPage(page, new URL(url).origin);
    await page.goto(url);
    return open;
  }

  async close(): Promise<void> {
    await this.context.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A page and what went wrong on it. */
export class OpenPage {
  readonly complaints: string[] = [];
  readonly foreignRequests: string[] = [];

  constructor(
    readonly page: Page,
    origin: string,
  ) {
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) {
        this.foreignRequests.push(request.url());
      }
    });
  }
}
