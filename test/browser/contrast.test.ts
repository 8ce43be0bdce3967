/** Every text of the fleet table can be read in both themes of the console, on a wide screen and on a telephone's. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { noticesOf } from '../../lambda/widget/notices.ts';
import { pageOf } from '../../lambda/widget/rows.ts';
import { emptyView, failureView, fleetView, type WidgetLook } from '../../lambda/widget/view.ts';
import { type Contrast, contrastsOf, contrastTable, ENOUGH } from '../support/contrast.ts';
import { minutesAgo, NOW, SSH } from '../support/fleet.ts';
import { EVERY_KIND, manyHosts, REMEDY_ARN, TEN_HOSTS, WIDGET_ARN, WidgetFleet } from '../support/widget-fleet.ts';
import { noChromium, openTile, type Tile } from '../support/widget-tile.ts';

if (noChromium !== null) throw new Error(noChromium);

type Theme = 'light' | 'dark';

const paused = { who: 'ann@laptop', why: 'the new release is on its way', from: new Date(minutesAgo(25)), until: null };
const unread = { unread: 'AccessDenied: not allowed' };
const lookOf = (theme: Theme): WidgetLook => ({
  theme,
  now: NOW,
  settings: SSH,
  endpoints: { widgetArn: WIDGET_ARN, remedyArn: REMEDY_ARN, region: 'eu-central-1' },
  notices: [
    ...noticesOf(
      {
        topicArn: 'arn:aws:sns:x:1:t',
        subscription: 'none',
        suppressed: true,
        pauses: { pause: paused, automaticPause: { ...paused, who: 'crawlwatch' } },
        figures: 'Throttled',
      },
      SSH,
      NOW,
    ),
    ...noticesOf({ topicArn: null, subscription: unread, suppressed: null, pauses: unread, figures: null }, SSH, NOW),
  ],
});

const VIEWS: Readonly<Record<string, (theme: Theme) => string | Promise<string>>> = {
  'ten hosts': async (theme) =>
    (await (await new WidgetFleet().beat()).add(TEN_HOSTS)).draw({ widgetContext: { theme } }),
  'a host of each kind, under every notice': (theme) => fleetView(pageOf(EVERY_KIND, 1), lookOf(theme)),
  'a page of many': async (theme) =>
    (await (await new WidgetFleet().beat()).add(manyHosts(250))).draw({ page: 2, widgetContext: { theme } }),
  'no host': (theme) => emptyView(lookOf(theme)),
  'a failure': (theme) => failureView({ name: 'TimeoutError', text: 'TimeoutError: it took too long' }, theme),
};

const drawnWith = async (view: string, theme: Theme, tile: Tile) => tile.show(await VIEWS[view]!(theme), theme);

describe('the fleet table on a telephone, 390 pixels wide', () => {
  let tile: Tile;
  beforeAll(async () => {
    tile = await openTile();
    await tile.page.setViewportSize({ width: 390, height: 800 });
  });
  afterAll(() => tile.close());

  it.each(Object.keys(VIEWS))('scrolls down alone, and has buttons that a thumb can hit: %s', async (view) => {
    await drawnWith(view, 'light', tile);
    const { wide, low } = await tile.page.evaluate<{ wide: number; low: number[] }>(`({
      wide: document.documentElement.scrollWidth,
      low: [...document.querySelectorAll('#tile a.btn')].map((one) => one.getBoundingClientRect().height),
    })`);
    expect(wide).toBeLessThanOrEqual(390);
    expect(low.filter((height) => height < 44)).toEqual([]);
  });

  it('stacks the parts of a row, and says of each bar what it is of', async () => {
    await drawnWith('ten hosts', 'light', tile);
    const lefts = await tile.page.evaluate<number[]>(`[...document.querySelectorAll('#tile tbody tr:first-child td')]
      .filter((cell) => cell.matches('.cw-what-cell, .cw-since-cell, .cw-memory-cell, .cw-disk-cell, .cw-act-cell'))
      .map((cell) => cell.getBoundingClientRect().left)`);
    expect(lefts).toHaveLength(5);
    expect(new Set(lefts).size).toBe(1);
    expect(await tile.page.locator('#tile thead').isVisible()).toBe(false);
    expect(await tile.page.locator('#tile .cw-label:visible').allInnerTexts()).toContain('Memory used');
  });
});

describe('the contrast of the fleet table', () => {
  let tile: Tile;
  const worst = new Map<string, Contrast[]>();
  beforeAll(async () => {
    tile = await openTile();
  });
  afterEach(() => tile.page.setViewportSize({ width: 1360, height: 640 }));
  afterAll(async () => {
    await tile.close();
    for (const [theme, contrasts] of worst) {
      const byColours = new Map(
        contrasts.toSorted((a, b) => b.ratio - a.ratio).map((one) => [one.ink + one.ground, one]),
      );
      const table = [...byColours.values()].sort((a, b) => a.ratio - b.ratio);
      process.stderr.write(
        `\n${contrastTable(`The fleet table, ${theme}: each pair of colours, worst first`, table)}\n`,
      );
    }
  });

  const cases = (['light', 'dark'] as const).flatMap((theme) =>
    [1360, 390].flatMap((width) => Object.keys(VIEWS).map((view) => [view, theme, width] as const)),
  );

  it.each(cases)('is enough for %s, %s, %d pixels wide', async (view, theme, width) => {
    await tile.page.setViewportSize({ width, height: 640 });
    await drawnWith(view, theme, tile);
    const contrasts = await contrastsOf(tile.page, '#tile');
    worst.set(theme, [...(worst.get(theme) ?? []), ...contrasts]);
    expect(contrasts.length).toBeGreaterThan(1);
    const offenders = contrasts.filter(({ ratio }) => ratio < ENOUGH);
    expect(offenders, contrastTable('Too pale', offenders)).toEqual([]);
  });

  it.each([
    ['grey on white', '<p style="color:#888">x</p>', 3.54],
    ['black that is half transparent', '<p style="color:rgba(0,0,0,.5)">x</p>', 3.98],
    ['black in a group that is half transparent', '<div style="opacity:.5"><p style="color:#000">x</p></div>', 3.98],
    ['white on a half transparent red', '<p style="background:rgba(255,0,0,.5);color:#fff">x</p>', 2.4],
    ['a text of SVG', '<svg><text y="20" fill="#999">x</text></svg>', 2.85],
  ])('would be found: %s', async (_, html, ratio) => {
    await tile.show(html);
    const [found] = await contrastsOf(tile.page, '#tile');
    expect(found?.ratio).toBeCloseTo(ratio, 1);
  });

  it.each([
    ['a picture behind a text', '<p style="background:linear-gradient(red,blue)">x</p>'],
    ['a text that a style sheet adds', '<p>x<style>#tile p::before{content:"new"}</style></p>'],
  ])('is not vouched for where it cannot be measured: %s', async (_, html) => {
    await tile.show(html);
    await expect(contrastsOf(tile.page, '#tile')).rejects.toThrow(/picture behind|text of a style sheet/);
  });

  it('leaves out what is not painted', async () => {
    await tile.show('<p style="display:none;color:#eee">x</p><p style="visibility:hidden;color:#eee">y</p><p>z</p>');
    expect((await contrastsOf(tile.page, '#tile')).map(({ text }) => text)).toEqual(['z']);
  });
});
