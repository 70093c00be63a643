import { type Browser, chromium, type Page } from 'playwright-core';

/** What keeps Chromium to itself and to this machine: no update, sync, prediction or telemetry leaves it. */
const quietFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-domain-reliability',
  '--mute-audio',
];

export interface BrowserOptions {
  /** Let pages start with sound, as a viewer who has clicked; by default yes. */
  readonly canAutoplay?: boolean;
}

/** Debian's Chromium, headless, with a profile that is thrown away. */
export function launchBrowser({ canAutoplay = true }: BrowserOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: canAutoplay ? [...quietFlags, '--autoplay-policy=no-user-gesture-required'] : quietFlags,
  });
}

/** Notes every request of a page that leaves `origins`, and stops it. */
export async function confine(page: Page, origins: readonly string[]): Promise<{ readonly outsideRequests: string[] }> {
  const outsideRequests: string[] = [];
  await page.route('**/*', (route) => {
    const url = route.request().url();
    const isInside = /^(blob|data):/.test(url) || origins.includes(new URL(url).origin);
    if (isInside) return route.continue();
    outsideRequests.push(url);
    return route.abort();
  });
  return { outsideRequests };
}
