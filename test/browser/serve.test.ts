/** The demo's page in Chromium: what it shows as the story goes on, by day and by night, and that it makes no request elsewhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { START } from '../../bin/demo/sandbox.ts';
import { type PageServer, startServer } from '../../bin/demo/server.ts';
import { openStory, type Story } from '../../bin/demo/story.ts';
import { type MailedAt, viewOf } from '../../bin/demo/view.ts';
import { noChromium } from '../support/widget-tile.ts';

if (noChromium !== null) throw new Error(noChromium);

const IMAGES = join(import.meta.dirname, '../../docs/images');
/** Kept only when asked for: fonts differ from one machine to the next. */
const isKept = process.env.UPDATE_DOCS === '1';

const profile = mkdtempSync(join(tmpdir(), 'crawlwatch-serve-'));
const mails: MailedAt[] = [];
const elsewhere: string[] = [];
const errors: string[] = [];
let story: Story;
let server: PageServer;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  story = await openStory();
  server = await startServer(0);
  context = await chromium.launchPersistentContext(join(profile, 'chromium'), {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
    viewport: { width: 1360, height: 1000 },
  });
  await context.route('**/*', (route) => {
    const url = route.request().url();
    if (url.startsWith(server.url)) return route.continue();
    elsewhere.push(url);
    return route.abort();
  });
  page = context.pages()[0] ?? (await context.newPage());
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
});
afterAll(async () => {
  await context?.close();
  await server?.close();
  await story?.close();
  rmSync(profile, { recursive: true, force: true });
});

/** Makes this many more checks of the story, and shows each. */
async function checks(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const moment = await story.next();
    if (moment === null) throw new Error('the story is over');
    mails.push(...moment.mails.map(({ subject, body }) => ({ at: moment.at, subject, body })));
    server.show(await viewOf(story.sandbox, moment, mails));
  }
}
/** By the page's own rules nothing may evaluate text in it: only locators can wait there. */
const untilHeadlineSays = (text: string) => page.locator('#headline', { hasText: text }).waitFor();

const picture = async (name: string): Promise<void> => {
  const image = await page.screenshot();
  expect(image.length).toBeGreaterThan(20_000);
  if (isKept) writeFileSync(join(IMAGES, `${name}.png`), image);
};

const asked = (host: string, path = '/', method = 'GET') =>
  new Promise<{ status: number | undefined; headers: IncomingHttpHeaders }>((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    get({ hostname, port, path, method, headers: { host } }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, headers: response.headers });
    }).on('error', reject);
  });

describe('the page of the demo', () => {
  it('is for this machine alone: it listens on loopback, and answers to no other name', async () => {
    const { hostname, host, port } = new URL(server.url);
    expect(hostname).toBe('127.0.0.1');
    expect((await asked('demo.example.com')).status).toBe(421);
    expect((await asked(`demo.example.com:${port}`, '/events')).status).toBe(421);
    expect((await asked(`localhost:${port}`)).status).toBe(200);
    expect((await asked(host, '/etc/passwd')).status).toBe(404);
    expect((await asked(host, '/', 'POST')).status).toBe(405);
    expect((await asked(host)).headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'sha256-/);
  });

  it('shows the fleet, the graphs and the mail, and goes on by itself', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(server.url);
    expect(await page.innerText('#headline')).toContain('The first check is being made');
    await checks(1);
    await untilHeadlineSays('08:00');
    expect(await page.locator('#widget tbody tr').count()).toBe(10);
    await checks(3);
    await untilHeadlineSays('08:15');
    expect(await page.innerText('#widget')).toContain('ficrawler9');
    expect(await page.innerText('#mail')).toContain('ficrawler9');
    expect(await page.locator('#charts svg').count()).toBe(4);
    expect(await page.locator('#charts polyline').count()).toBeGreaterThan(20);
    await picture('demo-page');
  });

  it('is dark where the browser is, and by its button', async () => {
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const day = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('html[data-theme=dark]').waitFor();
    expect(await background()).not.toBe(day);
    expect(await page.locator('#widget .cw-dark').count()).toBe(1);
    await picture('demo-page-dark');
    await page.click('#theme');
    expect(await background()).toBe(day);
    expect(await page.locator('#widget .cw-light').count()).toBe(1);
  });

  it('shows what is written in a mail as text', async () => {
    const subject = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    mails.push({ at: START, subject, body: subject });
    await checks(1);
    await untilHeadlineSays('08:20');
    expect(await page.locator('#mail img, #mail script').count()).toBe(0);
  });

  it('fits a telephone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  it('shows when the demo has ended', async () => {
    await server.close();
    await untilHeadlineSays('has ended');
  });

  it('made requests to this machine alone, and broke no rule of its own', () => {
    expect(elsewhere).toEqual([]);
    expect(errors.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED/.test(text))).toEqual([]);
  });
});
