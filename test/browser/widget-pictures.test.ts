import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { minutesAgo } from '../support/fleet.ts';
import { manyHosts, TEN_HOSTS, WidgetFleet } from '../support/widget-fleet.ts';
import { noChromium, openTile, type Tile } from '../support/widget-tile.ts';

if (noChromium !== null) throw new Error(noChromium);

if (noChromium !== null) process.stderr.write(`\nSKIPPED, the fleet table was not drawn: ${noChromium}\n\n`);

const FOLDER = join(import.meta.dirname, '../../docs/images');
/** Kept only when asked for: fonts differ from one machine to the next. */
const isKept = process.env.UPDATE_DOCS === '1';
const WIDE = { width: 1360, height: 720 };
const NARROW = { width: 390, height: 844 };
const LIMIT_BYTES = 200_000;

const drawn = async (hosts: Parameters<WidgetFleet['add']>[0], theme: 'light' | 'dark' = 'light') => {
  const fleet = await new WidgetFleet().beat();
  return (await fleet.add(hosts)).draw({ widgetContext: { theme } });
};

const refused = () => {
  const fleet = new WidgetFleet();
  const { ec2 } = fleet.aws;
  const error = ec2.error('UnauthorizedOperation', 'You are not authorized to perform: ec2:DescribeInstances');
  ec2.fail(DescribeInstancesCommand, error, 1);
  return fleet.draw();
};

/** As somebody left it 25 minutes ago, by the command line. */
const paused = async () => {
  const fleet = await (await new WidgetFleet().beat()).add(TEN_HOSTS.slice(5));
  await fleet.pause({
    who: 'ann@laptop',
    why: 'the new release is being rolled out',
    from: new Date(minutesAgo(25)),
    until: new Date(minutesAgo(-95)),
  });
  return fleet.draw();
};

describe('a picture of the fleet table', () => {
  let tile: Tile;
  beforeAll(async () => {
    tile = await openTile();
  });
  afterAll(() => tile.close());

  it.each([
    ['ten hosts', 'widget-ten-hosts', 'light', WIDE, () => drawn(TEN_HOSTS), 'ficrawler9'],
    ['ten hosts at night', 'widget-ten-hosts-dark', 'dark', WIDE, () => drawn(TEN_HOSTS, 'dark'), 'ficrawler9'],
    ['ten hosts on a telephone', 'widget-phone', 'light', NARROW, () => drawn(TEN_HOSTS), 'ficrawler9'],
    [
      'ten hosts on a telephone at night',
      'widget-phone-dark',
      'dark',
      NARROW,
      () => drawn(TEN_HOSTS, 'dark'),
      'fiweb1',
    ],
    ['five hundred hosts', 'widget-500-hosts', 'light', WIDE, () => drawn(manyHosts(500)), '500 watched'],
    ['no host', 'widget-no-hosts', 'light', WIDE, () => drawn([]), 'aws ec2 create-tags'],
    ['a failure', 'widget-failure', 'light', WIDE, refused, 'UnauthorizedOperation'],
    ['acting that is paused', 'widget-paused', 'light', WIDE, paused, 'ann@laptop paused all'],
  ] as const)(
    'shows %s without a script or a request, in less than 200 kB',
    async (_, name, theme, size, draw, text) => {
      await tile.page.setViewportSize(size);
      await tile.show(await draw(), theme);
      expect(await tile.page.innerText('#tile')).toContain(text);
      expect(await tile.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(size.width);
      const box = await tile.page.locator('#tile').boundingBox();
      const clip = { x: 0, y: 0, width: box!.width, height: Math.min(size.height, box!.height) };
      const picture = await tile.page.screenshot({ clip });
      expect(picture.length).toBeLessThan(LIMIT_BYTES);
      if (isKept) writeFileSync(join(FOLDER, `${name}.png`), picture);
      expect(tile.requests).toEqual([]);
    },
  );
});
