import { describe, expect, it } from 'vitest';
import { inWords, templateWith } from './synth.ts';

interface Tile {
  readonly type: string;
  readonly y: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

function tiles(settings: object = {}): Tile[] {
  const [dashboard] = Object.values(templateWith(settings).findResources('AWS::CloudWatch::Dashboard'));
  return JSON.parse(String(inWords(dashboard!.Properties.DashboardBody))).widgets;
}

describe('the dashboard', () => {
  it('has the fleet table on top, drawn by the widget function and again at each refresh', () => {
    const [first] = tiles();
    expect(first).toMatchObject({
      type: 'custom',
      y: 0,
      properties: {
        endpoint: '{Widget.Arn}',
        updateOn: { refresh: true, resize: false, timeRange: false },
      },
    });
  });

  it('has the recent problems in the words of the log, newest first', () => {
    const logs = tiles().filter(({ type }) => type === 'log');
    expect(logs).toHaveLength(2);
    const query = String(logs[0]!.properties.query);
    expect(query).toContain("SOURCE '{CheckLogs}'");
    expect(query).toContain('event = "instance.checked" and status != "OK"');
    expect(query).toContain('| sort @timestamp desc');
  });

  it('has what was done in the words of the remedy function, without the acts that each check holds back', () => {
    const [, acts] = tiles().filter(({ type }) => type === 'log');
    const query = String(acts!.properties.query);
    expect(query).toContain("SOURCE '{RemedyLogs}'");
    for (const event of ['acted', 'verified', 'unflagged', 'paused', 'resumed']) {
      expect(query).toContain(`"remedy.${event}"`);
    }
    expect(query).not.toContain('remedy.held');
  });

  it('has graphs of each instance, none where their metrics are not published, and always the checker itself', () => {
    const titles = (settings: object) => tiles(settings).map(({ properties }) => properties.title);
    expect(titles({})).toEqual(expect.arrayContaining(['Memory used, %', 'Disk used, % (fullest mount)']));
    const bare = titles({ metrics: { perInstance: 'none' } });
    expect(bare).not.toContain('Memory used, %');
    expect(bare).toContain('Checks started, failed, throttled');
  });
});
