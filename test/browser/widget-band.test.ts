import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEN_HOSTS, WidgetFleet } from '../support/widget-fleet.ts';
import { noChromium, openTile, type Tile } from '../support/widget-tile.ts';

if (noChromium !== null) throw new Error(noChromium);

describe('the band in which memory ends', () => {
  let tile: Tile;
  beforeAll(async () => {
    tile = await openTile();
    const fleet = await new WidgetFleet().beat();
    await tile.show(await (await fleet.add(TEN_HOSTS)).draw({}), 'light');
  });
  afterAll(() => tile.close());

  it('is drawn within its picture, behind the line of the past, and in words for who can not see it', async () => {
    const picture = tile.page.getByRole('img', { name: /^memory runs out in \d+ min to \d h$/ });
    expect(await picture.count()).toBe(1);
    const [outer, band] = [await picture.boundingBox(), await picture.locator('rect').boundingBox()];
    expect(band!.width).toBeGreaterThan(2);
    expect(band!.x + band!.width).toBeLessThanOrEqual(outer!.x + outer!.width + 0.5);
    const line = await picture.locator('polyline').last().boundingBox();
    expect(band!.x).toBeGreaterThanOrEqual(line!.x + line!.width - 1);
  });

  it('is in the row that names who took the memory', async () => {
    const row = tile.page.locator('#tile tr', { hasText: 'ficrawler7' });
    expect(await row.innerText()).toMatch(/sidekiq \(pid 2213\) grew \d\.\d GiB in 3 h/);
    expect(await row.getByRole('img', { name: /runs out/ }).count()).toBe(1);
  });
});
