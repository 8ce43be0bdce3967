import { describe, expect, it } from 'vitest';
import { fixFor } from '../../lambda/alert/index.ts';
import { REASON_WORDS } from '../../lambda/judge/index.ts';
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

  describe('ends with a runbook, which', () => {
    const runbook = (settings: object = {}) => String(tiles(settings).at(-1)!.properties.markdown);

    it('has an entry for every reason, in words', () => {
      for (const [code, words] of Object.entries(REASON_WORDS)) {
        expect(runbook().split(`**${code}** (${words})`)).toHaveLength(2);
      }
    });

    it('says of those that keep us from checking what the mails say', () => {
      for (const code of ['AuthenticationFailed', 'HostKeyMismatch', 'SsmNotManaged'] as const) {
        const fix = fixFor(code);
        expect(runbook()).toContain(`: ${fix.charAt(0).toLowerCase()}${fix.slice(1)}.`);
      }
    });

    it('has the commands of the mails for those that answer and those that hang, over the way in that the stack has', () => {
      expect(runbook()).toContain('aws ec2 reboot-instances --instance-ids ID');
      expect(runbook()).toContain('`aws ssm start-session --target ID` then `sudo systemctl restart UNIT`');
      const vpc = { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] };
      expect(runbook({ vpc })).toContain("`ssh HOST 'sudo systemctl restart UNIT'`");
      expect(runbook({ flag: { afterFailures: 4, afterMinutes: 12 } })).toContain('after 4 checks and 12 min');
    });

    it('links to a runbook of your own', () => {
      const link = 'https://wiki.example.com/crawlers';
      expect(runbook({ alerts: { runbookUrl: link } })).toContain(`[${link}](${link})`);
      // The reader has no reason to put into it here.
      expect(runbook({ alerts: { runbookUrl: `${link}#{reason}` } })).not.toContain(link);
      expect(runbook()).not.toContain('Your own');
    });

    it('is short enough to be read, and has no table, in which the pipes of commands would be columns', () => {
      expect(runbook().length).toBeLessThan(8_000);
      expect(runbook()).not.toMatch(/^\|/m);
    });
  });
});
