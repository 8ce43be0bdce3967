/** A dashboard's tile in Chromium: shows what the widget answered, as the console would, and hears what is clicked. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
/** Nothing of the browser's own may go out, and nothing of an earlier run come in. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const noChromium = existsSync(CHROMIUM) ? null : `${CHROMIUM} is missing; apt-get install -y chromium`;

/** One call that a click made. */
export interface Call {
  readonly endpoint: string;
  readonly event: { readonly [key: string]: unknown };
}

export interface Tile {
  readonly page: Page;
  /** What was clicked and led to a function, oldest first. */
  readonly calls: Call[];
  /** Addresses that the page asked for; a tile needs none. */
  readonly requests: string[];
  /** Dialogs of the page's own: only a script that got through can open one. */
  readonly alerts: string[];
  show(answer: string, theme?: 'light' | 'dark'): Promise<void>;
  /** What a function that is called answers, if anything. */
  onCall(answer: (call: Call) => string | Promise<string>): void;
  close(): Promise<void>;
}

export async function openTile(): Promise<Tile> {
  const profile = mkdtempSync(join(tmpdir(), 'crawlwatch-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    viewport: { width: 1360, height: 640 },
  });
  const [calls, requests, alerts]: [Call[], string[], string[]] = [[], [], []];
  let answer: (call: Call) => string | Promise<string> = () => '';
  await context.route('**/*', (route) => {
    requests.push(route.request().url());
    return route.abort();
  });
  await context.exposeFunction('invoke', (endpoint: string, event: Call['event']) => {
    const call = { endpoint, event };
    calls.push(call);
    return answer(call);
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('dialog', (dialog) => {
    alerts.push(dialog.message());
    return dialog.dismiss();
  });
  await page.setContent(readFileSync(join(import.meta.dirname, 'widget-console.html'), 'utf8'));
  return {
    page,
    calls,
    requests,
    alerts,
    show: (html, theme = 'light') => page.evaluate(`show(${JSON.stringify(html)}, ${JSON.stringify(theme)})`),
    onCall: (given) => {
      answer = given;
    },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
