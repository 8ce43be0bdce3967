/** The demo's page in Chromium: what it shows as the story goes on, by day and by night, and that it makes no request elsewhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { press as pressed } from '../../bin/demo/play.ts';
import { START } from '../../bin/demo/sandbox.ts';
import { type PageServer, startServer } from '../../bin/demo/server.ts';
import { type Moment, openStory, type Story } from '../../bin/demo/story.ts';
import { type MailedAt, viewOf } from '../../bin/demo/view.ts';
import { contrastsOf, contrastTable, ENOUGH } from '../support/contrast.ts';
import { noChromium } from '../support/widget-tile.ts';

if (noChromium !== null) throw new Error(noChromium);

const IMAGES = join(import.meta.dirname, '../../docs/images');
/** Kept only when asked for: fonts differ from one machine to the next. */
const isKept = process.env.UPDATE_DOCS === '1';

const profile = mkdtempSync(join(tmpdir(), 'crawlwatch-serve-'));
const mails: MailedAt[] = [];
const elsewhere: string[] = [];
const errors: string[] = [];
let last: Moment | null = null;
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
    last = moment;
    await redraw();
  }
}
/** Shows the last moment as it is by now. */
async function redraw(): Promise<void> {
  if (last !== null) server.show(await viewOf(story.sandbox, last, mails));
}
/** By the page's own rules nothing may evaluate text in it: only locators can wait there. */
const untilHeadlineSays = (text: string) => page.locator('#headline', { hasText: text }).waitFor();

const picture = async (name: string): Promise<void> => {
  const image = await page.screenshot();
  expect(image.length).toBeGreaterThan(20_000);
  if (isKept) writeFileSync(join(IMAGES, `${name}.png`), image);
};

const asked = (host: string, path = '/', method = 'GET', headers: OutgoingHttpHeaders = {}, body = '') =>
  new Promise<{ status: number | undefined; headers: IncomingHttpHeaders }>((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    request({ hostname, port, path, method, headers: { host, ...headers } }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, headers: response.headers });
    })
      .on('error', reject)
      .end(body);
  });

/** The numbers of the table's heading, of its rows, and of the last check's metrics, by what they count. */
async function counted() {
  const heading = await page.locator('#widget .cw-count').allInnerTexts();
  const pills = await page.locator('#widget .cw-pill').allInnerTexts();
  const tiles = await page.locator('#numbers div').allInnerTexts();
  const numberOf = (texts: readonly string[], label: string) =>
    Number(texts.find((text) => text.endsWith(` ${label}`))?.split(' ')[0] ?? 0);
  const flagged = await page.locator('#widget .cw-small:has-text("flagged")').count();
  return {
    heading: [numberOf(heading, 'critical'), numberOf(heading, 'unreachable'), numberOf(heading, 'flagged for reboot')],
    tiles: [numberOf(tiles, 'critical'), numberOf(tiles, 'unreachable'), numberOf(tiles, 'flagged')],
    rows: [pills.filter((text) => text === 'CRITICAL').length, flagged],
  };
}

/** Clicks a button in the row of that host, or above the table, and says yes. @returns the answer */
async function press(label: string, host: string | null): Promise<string> {
  const place = host === null ? '#widget' : `#widget tr:has-text("${host}")`;
  await page.click(`${place} a.btn:text-is("${label}")`);
  await page.click('#confirm');
  await page.locator('#question p').waitFor();
  const answer = await page.innerText('#question');
  await page.click('#cancel');
  return answer;
}

describe('the page of the demo', () => {
  it('is for this machine alone: it listens on loopback, and answers to no other name', async () => {
    const { hostname, host, port } = new URL(server.url);
    expect(hostname).toBe('127.0.0.1');
    expect((await asked('demo.example.com')).status).toBe(421);
    expect((await asked(`demo.example.com:${port}`, '/events')).status).toBe(421);
    expect((await asked(`localhost:${port}`)).status).toBe(200);
    expect((await asked(host, '/etc/passwd')).status).toBe(404);
    expect((await asked(host, '/', 'POST')).status).toBe(405);
    expect((await asked(host, '/act')).status).toBe(405);
    expect((await asked(host)).headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'sha256-/);
  });

  it('takes a request of its own page alone', async () => {
    const { host } = new URL(server.url);
    const taken: unknown[] = [];
    server.take(async (event) => `<p>${taken.push(event)}</p>`);
    const json = 'application/json';
    const own = { origin: `http://${host}`, 'content-type': json };
    const act = async (headers: OutgoingHttpHeaders, body = '{"action":"pause"}', to = host) =>
      (await asked(to, '/act', 'POST', headers, body)).status;
    expect(await act({ 'content-type': json })).toBe(403);
    expect(await act({ ...own, origin: 'https://evil.example' })).toBe(403);
    expect(await act({ ...own, origin: 'null' })).toBe(403);
    expect(await act({ ...own, origin: `http://localhost:${new URL(server.url).port}` })).toBe(403);
    expect(await act({ ...own, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await act({ ...own, origin: 'http://demo.example.com' }, '{}', 'demo.example.com')).toBe(421);
    expect(await act({ ...own, 'content-type': 'text/plain' })).toBe(415);
    expect(await act(own, '{"action":')).toBe(400);
    expect(await act(own, JSON.stringify('x'.repeat(3_000)))).toBe(400);
    expect(taken).toEqual([]);
    expect(await act(own)).toBe(200);
    expect(taken).toEqual([{ action: 'pause' }]);
    server.take(null);
    expect(await act(own)).toBe(503);
  });

  it('asks the remedy function for nothing that no button has', async () => {
    for (const event of [{ action: 'auto' }, { action: 'history', instanceId: 'i-1' }, null, 'pause', {}]) {
      expect(await pressed(story.sandbox, event)).toContain('the page asks for reboot, restart-worker');
    }
  });

  it('shows the fleet, the graphs and the mail, and goes on by itself', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(server.url);
    expect(await page.innerText('#headline')).toContain('The first check is being made');
    await checks(1);
    await untilHeadlineSays('08:00');
    server.take((event) => pressed(story.sandbox, event));
    expect(await page.locator('#widget tbody tr').count()).toBe(10);
    await checks(3);
    await untilHeadlineSays('08:15');
    expect(await page.innerText('#widget')).toContain('ficrawler9');
    expect(await page.innerText('#mail')).toContain('ficrawler9');
    expect(await page.locator('#charts svg').count()).toBe(4);
    expect(await page.locator('#charts polyline').count()).toBeGreaterThan(20);
    await picture('demo-page');
  });

  it('has the same numbers in its heading, its rows and its metrics', async () => {
    const { heading, tiles, rows } = await counted();
    expect(heading).toEqual([7, 2, 1]);
    expect(tiles).toEqual(heading);
    expect(rows).toEqual([7, 1]);
  });

  it('fits a telephone, with buttons that a thumb can hit', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    const heights = await page.evaluate<number[]>(
      `[...document.querySelectorAll('button, a.btn, summary')].filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().height)`,
    );
    expect(heights.length).toBeGreaterThan(5);
    expect(heights.filter((height) => height < 44)).toEqual([]);
    await picture('demo-page-phone');
    await page.setViewportSize({ width: 1360, height: 1000 });
  });

  it.each([
    ['light', 1360],
    ['dark', 1360],
    ['light', 390],
    ['dark', 390],
  ] as const)('can be read: the contrast of every text is enough, %s, %d pixels wide', async (theme, width) => {
    await page.setViewportSize({ width, height: 1000 });
    await page.emulateMedia({ colorScheme: theme });
    await page.locator(`html[data-theme=${theme}]`).waitFor();
    await page.click('#widget a.btn >> nth=0');
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    const contrasts = await contrastsOf(page, 'body');
    await page.click('#cancel');
    process.stderr.write(`\n${contrastTable(`The page, ${theme}, ${width} pixels wide`, contrasts.slice(0, 6))}\n`);
    const offenders = contrasts.filter(({ ratio }) => ratio < ENOUGH);
    expect(offenders, contrastTable('Too pale', offenders)).toEqual([]);
    await page.setViewportSize({ width: 1360, height: 1000 });
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it('is dark where the browser is, and by its button', async () => {
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('html[data-theme=light]').waitFor();
    const day = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('html[data-theme=dark]').waitFor();
    await expect.poll(background).not.toBe(day);
    await page.locator('#widget .cw-dark').waitFor();
    await picture('demo-page-dark');
    await page.click('#theme');
    await expect.poll(background).toBe(day);
    await page.locator('#widget .cw-light').waitFor();
  });

  it('acts on the sandbox by its buttons: what is paused is refused, with who paused it', async () => {
    expect(await press('Pause acting', null)).toMatch(/^Paused: no restart and no reboot by anyone from now on/);
    expect(await press('Restart worker', 'ficrawler10')).toContain('acting has been paused by dashboard');
    await redraw();
    await page.locator('#widget .cw-notice:has-text("dashboard paused all restarts and reboots")').waitFor();
    expect(await press('Resume acting', null)).toMatch(/^Resumed: the pause by dashboard/);
    await redraw();
    await page.locator('#widget .cw-notice').waitFor({ state: 'detached' });
  });

  it('makes no call where the question is answered with no', async () => {
    const asks: unknown[] = [];
    server.take(async (event) => `<p>${asks.push(event)}</p>`);
    await page.click('#widget a.btn:text-is("Restart worker") >> nth=0');
    expect(await page.innerText('#question')).toMatch(/^Restart the worker on ficrawler\S* \(i-/);
    await page.click('#cancel');
    expect(asks).toEqual([]);
    server.take((event) => pressed(story.sandbox, event));
  });

  it('restarts a worker and takes a flag away; the next check finds the host well', async () => {
    expect(await press('Restart worker', 'ficrawler10')).toContain("'s worker was restarted");
    expect(await press('Unflag', 'ficrawler9')).toMatch(/^Unflagged i-0f1c2a3b4d5e60009/);
    await checks(1);
    await untilHeadlineSays('08:20');
    const { heading, tiles } = await counted();
    expect(tiles).toEqual(heading);
    expect(await page.innerText('#widget tr:has-text("ficrawler10") .cw-pill')).toBe('OK');
  });

  it('shows what is written in a mail as text', async () => {
    const subject = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    mails.push({ at: START, subject, body: subject });
    await checks(1);
    await untilHeadlineSays('08:25');
    expect(await page.locator('#mail img, #mail script').count()).toBe(0);
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
