import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TAG } from '../../lambda/model/index.ts';
import { idOf } from '../support/sandbox-fleet.ts';
import { manyHosts, REMEDY_ARN, TEN_HOSTS, WIDGET_ARN, WidgetFleet } from '../support/widget-fleet.ts';
import { noChromium, openTile, type Tile } from '../support/widget-tile.ts';

if (noChromium !== null) throw new Error(noChromium);

if (noChromium !== null) process.stderr.write(`\nSKIPPED, nothing was clicked: ${noChromium}\n\n`);

/** Without figures: clicks don't depend on them. */
const bare = (hosts: ReturnType<typeof manyHosts>) => hosts.map(({ name, tags = {} }) => ({ name, tags }));
const FLAGGED = idOf(1 + TEN_HOSTS.findIndex(({ tags }) => tags?.[TAG.flag] !== undefined));

describe('a click in the fleet table', () => {
  let tile: Tile;
  beforeAll(async () => {
    tile = await openTile();
  });
  afterAll(() => tile.close());
  beforeEach(() => {
    tile.calls.length = 0;
  });

  it('on Reboot asks first, naming the instance, and makes no call when the answer is no', async () => {
    await tile.show(await (await new WidgetFleet().add(bare([...TEN_HOSTS]))).draw());
    await tile.page.click('#tile a.btn:text-is("Reboot")');
    expect(await tile.page.innerText('#question p')).toContain(`Reboot ficrawler9 (${FLAGGED})?`);
    await tile.page.click('#cancel');
    expect(tile.calls).toEqual([]);
  });

  it('on Reboot, confirmed, calls the remedy function with the id and no text of the host', async () => {
    await tile.show(await (await new WidgetFleet().add(bare([...TEN_HOSTS]))).draw());
    tile.onCall(() => '<p>Rebooted.</p>');
    await tile.page.click('#tile a.btn:text-is("Reboot")');
    await tile.page.click('#confirm');
    await tile.page.waitForSelector('#popup p');
    expect(await tile.page.innerText('#popup')).toBe('Rebooted.');
    await tile.page.evaluate('popup.close()');
    const widgetContext = { theme: 'light' };
    const event = { action: 'reboot', instanceId: FLAGGED, requester: 'dashboard', widgetContext };
    expect(tile.calls).toEqual([{ endpoint: REMEDY_ARN, event }]);
  });

  it('on Restart worker, confirmed, calls the same function for the gentler remedy', async () => {
    await tile.show(await (await new WidgetFleet().add(bare([...TEN_HOSTS]))).draw());
    await tile.page.click('#tile a.btn:text-is("Restart worker") >> nth=0');
    expect(await tile.page.innerText('#question p')).toContain('Restart the worker on ficrawler');
    await tile.page.click('#confirm');
    await expect.poll(() => tile.calls.length).toBe(1);
    expect(tile.calls[0]).toMatchObject({ endpoint: REMEDY_ARN, event: { action: 'restart-worker' } });
    await tile.page.evaluate('popup.close()');
  });

  it('turns the pages by the widget function itself, in the same theme, on to the last and back', async () => {
    const fleet = await new WidgetFleet().add(bare(manyHosts(250)));
    tile.onCall(({ event }) => fleet.draw(event));
    await tile.show(await fleet.draw({ widgetContext: { theme: 'dark' } }), 'dark');
    const rows = () => tile.page.locator('#tile tbody tr').count();
    const turn = async (label: string, says: string) => {
      await tile.page.click(`#tile a.btn:text-is("${label}")`);
      await tile.page.waitForSelector(`#tile >> text=${says}`);
    };
    expect(await rows()).toBe(100);
    await turn('Next', 'Page 2 of 3');
    await turn('Next', 'Page 3 of 3');
    expect(await rows()).toBe(50);
    expect(await tile.page.locator('#tile a.btn:text-is("Next")').count()).toBe(0);
    await turn('Previous', 'Page 2 of 3');
    expect(tile.calls.map(({ endpoint, event }) => [endpoint, event.page])).toEqual([
      [WIDGET_ARN, 2],
      [WIDGET_ARN, 3],
      [WIDGET_ARN, 2],
    ]);
    expect(await tile.page.locator('#tile .cw-dark').count()).toBe(1);
  });

  it('on an instance leads to it in the EC2 console', async () => {
    await tile.show(await (await new WidgetFleet().add(bare([...TEN_HOSTS]))).draw());
    const href = await tile.page.getAttribute(`#tile a:text-is("${FLAGGED}")`, 'href');
    expect(href).toBe(`/ec2/home?region=eu-central-1#InstanceDetails:instanceId=${FLAGGED}`);
  });
});
