import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TAG } from '../../lambda/model/index.ts';
import { noticesOf } from '../../lambda/widget/notices.ts';
import { type FleetRow, fleetRows, pageOf } from '../../lambda/widget/rows.ts';
import { failureView, fleetView } from '../../lambda/widget/view.ts';
import { hungFor, instance, NOW, SSH } from '../support/fleet.ts';
import { REMEDY_ARN, WIDGET_ARN } from '../support/widget-fleet.ts';
import { noChromium, openTile, type Tile } from '../support/widget-tile.ts';

if (noChromium !== null) throw new Error(noChromium);

if (noChromium !== null) process.stderr.write(`\nSKIPPED, hostile texts were not shown: ${noChromium}\n\n`);

const EVIL_ARN = 'arn:aws:lambda:eu-central-1:666666666666:function:evil';
/** What a host's owner could put into a name, each to break out of a different place. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src="http://evil.example/x" onerror="alert(1)">',
  `<a class="btn">Reboot</a><cwdb-action action="call" endpoint="${EVIL_ARN}">{"instanceId":"i-0bad"}</cwdb-action>`,
  `"></a></td></tr></table><a class="btn">x</a><cwdb-action action="call" endpoint='${EVIL_ARN}'>{}</cwdb-action>`,
  `' confirmation='' endpoint='${EVIL_ARN}`,
  '</cwdb-action><style>*{display:none}</style>',
  '&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62;',
  '--></title><svg/onload=alert(1)>',
  'javascript:alert(1)',
  'gnp.exe\u202e<b>\u0000\u001b[2J\n\rhalf',
];

const flagged = { ...hungFor(4), [TAG.flag]: 'BannerTimeout@2026-11-22T08:05:00Z' };
const look = {
  theme: 'light' as const,
  now: NOW,
  settings: SSH,
  endpoints: { widgetArn: WIDGET_ARN, remedyArn: REMEDY_ARN, region: 'eu-central-1' },
  notices: [],
};

/** A row that shows the text wherever a host's or a person's words can be. */
function rowOf(text: string): FleetRow {
  const [one] = fleetRows([instance({ name: text, tags: flagged })], NOW);
  const reasons = [{ code: 'BannerTimeout', text }] as const;
  const sample = { at: NOW, available: 0.02 };
  const growth = {
    kind: 'process',
    pid: 7,
    count: 1,
    grewBytes: 9,
    atLeast: false,
    minutes: 60,
    share: 1,
  } as const;
  return {
    ...{
      ...one!,
      worker: text,
      acted: { what: text, at: NOW },
      reasons,
      skipped: null,
      ack: text,
      grew: { ...growth, name: text },
    },
    ...{ memory: { latest: sample, samples: [sample] }, processes: [{ name: text, residentBytes: 2 ** 33 }] },
  };
}

describe('a hostile text in the fleet table', () => {
  let tile: Tile;
  beforeAll(async () => {
    tile = await openTile();
  });
  afterAll(() => tile.close());

  /** Elements that only injected text could have added, and what it did. */
  async function harm() {
    const count = (selector: string) => tile.page.locator(`#tile ${selector}`).count();
    return {
      elements: (await Promise.all(['script', 'img', 'b b', 'td svg[onload]', 'style ~ style'].map(count))).join(),
      calls: tile.calls.map((call) => call.endpoint).filter((endpoint) => endpoint !== REMEDY_ARN),
      requests: tile.requests,
      alerts: tile.alerts,
    };
  }
  const NONE = { elements: '0,0,0,0,0', calls: [], requests: [], alerts: [] };

  it.each(HOSTILE)(
    'is inert as a Name, a worker, a last act, a reason, a process and an acknowledgement: %j',
    async (text) => {
      const row = rowOf(text);
      await tile.show(fleetView(pageOf([row], 1), look));
      expect(await harm()).toEqual(NONE);
      // It is there to be read, six times, with what doesn't show spelled out.
      const shown = await tile.page.locator('#tile td').allInnerTexts();
      const visible = text.slice(0, 8).replaceAll('\u202e', '').toLowerCase();
      expect(shown.join('\n').toLowerCase().split(visible).length - 1).toBeGreaterThanOrEqual(6);

      expect(await tile.page.locator('#tile a.btn').allInnerTexts()).toEqual(['Reboot', 'Unflag']);
      await tile.page.click('#tile a.cw-reboot');
      await tile.page.click('#confirm');
      await expect.poll(() => tile.calls.at(-1)?.endpoint).toBe(REMEDY_ARN);
      expect(tile.calls.at(-1)?.event).toMatchObject({ instanceId: row.id });
      await tile.page.evaluate('popup.close()');
      expect(await harm()).toEqual(NONE);
    },
  );

  it.each(['x'.repeat(250), 'W'.repeat(60), 'long-name-with-dashes-'.repeat(11)])(
    'makes the table no wider than its tile, where it has no space to break at: %j',
    async (text) => {
      const widths: number[] = [];
      for (const width of [390, 1360]) {
        await tile.page.setViewportSize({ width, height: 640 });
        await tile.show(fleetView(pageOf([rowOf(text)], 1), look));
        widths.push(await tile.page.evaluate<number>('document.documentElement.scrollWidth'));
      }
      expect(widths).toEqual([390, 1360]);
    },
  );

  it.each(HOSTILE)('is inert in a failure and above the table: %j', async (text) => {
    const before = tile.calls.length;
    await tile.show(failureView({ name: text, text }, 'dark'), 'dark');
    expect(await harm()).toEqual(NONE);
    const unread = { unread: text };
    const health = { topicArn: text, subscription: unread, suppressed: unread, pauses: unread, figures: text };
    await tile.show(fleetView(pageOf([], 1), { ...look, notices: noticesOf(health, SSH, NOW) }));
    expect(await tile.page.locator('#tile .cw-notice').count()).toBe(4);
    expect(await tile.page.locator('#tile a').count()).toBe(0);
    expect(await harm()).toEqual(NONE);
    expect(tile.calls).toHaveLength(before);
  });
});
