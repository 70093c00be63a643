import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { type FixtureServer, type Route, startFixtureServer } from '../fixture-server.ts';
import { confine, launchBrowser } from './browser.ts';
import type { CmcdSettings, Engine, PlayReport } from './page-script.ts';
import type { PlayLogView } from './play-log.ts';

export type { CmcdSettings, Engine, PlayReport } from './page-script.ts';

export interface BrowserPlayReport extends PlayReport {
  /** Requests that left this machine, or went to another server than the one under test; they were stopped. */
  readonly outsideRequests: readonly string[];
}

/** How much of what a page does is watched from outside. */
export interface StartOptions {
  /** Every request is looked at, and those to other servers are stopped: costs time. By default yes. */
  readonly isConfined?: boolean;
}

const page =
  '<!doctype html><meta charset="utf-8"><video muted playsinline width="640"></video><script src="/player.js"></script>';

/** Real browsers' engines on pages of our own. One Chromium for many plays. */
export class BrowserPlayers {
  private readonly browser: Browser;
  private readonly pages: FixtureServer;
  private readonly logScript: string;
  private readonly meterScript: string;

  private constructor(browser: Browser, pages: FixtureServer, logScript: string, meterScript: string) {
    this.browser = browser;
    this.pages = pages;
    this.logScript = logScript;
    this.meterScript = meterScript;
  }

  static async launch(): Promise<BrowserPlayers> {
    const script = await bundled('page-script.ts');
    const answers: Readonly<Record<string, readonly [type: string, body: string]>> = {
      '/': ['text/html', page],
      '/player.js': ['text/javascript', script],
    };
    const route: Route = async (_request, response, path) => {
      const answer = answers[path];
      if (answer === undefined) return false;
      response.writeHead(200, { 'content-type': answer[0] }).end(answer[1]);
      return true;
    };
    const [logScript, meterScript] = [await bundled('log-script.ts'), await bundled('meter-script.ts')];
    return new BrowserPlayers(await launchBrowser(), await startFixtureServer(route), logScript, meterScript);
  }

  /** Opens the product's own page for viewers. */
  async watch(url: string): Promise<BrowserPlay> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    // Its security policy lets no foreign script in, but the debugger's.
    await page.addInitScript(this.logScript);
    await page.goto(url);
    await page.evaluate(this.meterScript);
    return new BrowserPlay(page, []);
  }

  /** Opens a page that plays `url` until it is closed. */
  async start(
    engine: Engine,
    url: string,
    cmcd?: CmcdSettings,
    { isConfined = true }: StartOptions = {},
  ): Promise<BrowserPlay> {
    const context = await this.browser.newContext();
    const page = await context.newPage();
    const origins = [this.pages.url, new URL(url).origin];
    const { outsideRequests } = isConfined ? await confine(page, origins) : { outsideRequests: [] };
    await page.goto(this.pages.url);
    await page.evaluate(([name, source, settings]) => window.startPlay(name, source, settings), [
      engine,
      url,
      cmcd,
    ] as const);
    return new BrowserPlay(page, outsideRequests);
  }

  /** Plays for `seconds` after the first picture moved (or for as long in vain). */
  async play(engine: Engine, url: string, seconds: number): Promise<BrowserPlayReport> {
    const play = await this.start(engine, url);
    const deadline = performance.now() + (seconds + 10) * 1000;
    let report = await play.report();
    while (report.playedSeconds + report.stallSeconds < seconds && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      report = await play.report();
    }
    await play.close();
    return report;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.pages.close();
  }
}

async function bundled(file: string): Promise<string> {
  const script = await build({
    entryPoints: [join(import.meta.dirname, file)],
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'error',
  });
  return script.outputFiles[0]?.text ?? '';
}

/** One page at play. */
export class BrowserPlay {
  readonly page: Page;
  private readonly outsideRequests: readonly string[];

  constructor(page: Page, outsideRequests: readonly string[]) {
    this.page = page;
    this.outsideRequests = outsideRequests;
  }

  async report(): Promise<BrowserPlayReport> {
    const report = await this.page.evaluate(() => window.playReport());
    return { ...report, outsideRequests: this.outsideRequests };
  }

  /** What the media element itself went through. */
  log(): Promise<PlayLogView> {
    return this.page.evaluate(() => window.playLog());
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
