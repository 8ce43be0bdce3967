import { describe, expect, it } from 'vitest';
import {
  fromEnvironment,
  parseSettings,
  SettingsError,
  settingRows,
  toEnvironment,
} from '../../../lambda/settings/settings.ts';

const problemsOf = (...layers: unknown[]): readonly string[] => {
  try {
    parseSettings(...layers);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

describe('settings', () => {
  it.each([
    ['an unknown key', { memmory: {} }, /^memmory: unknown key; allowed: tag, schedule, /],
    [
      'an unknown key in a group',
      { memory: { warnPercent: 1 } },
      /^memory\.warnPercent: unknown key; allowed: warningPercent, /,
    ],
    [
      'a key with dots, as the documentation names it',
      { 'disk.ignore': ['/scratch'] },
      /^disk\.ignore: unknown key; allowed: its value within objects, { "disk": { "ignore": \.\.\. } }$/,
    ],
    ['a number out of range', { forks: 501 }, /^forks: got 501; allowed: a whole number from 1 to 500$/],
    ['text for a number', { forks: '5' }, /^forks: got "5"; allowed: a whole number from 1 to 500$/],
    [
      'thresholds out of order',
      { memory: { warningPercent: 5 } },
      /^memory\.criticalPercent: got 6; allowed: at most memory\.warningPercent \(5\)$/,
    ],
    [
      'a bad address in a list',
      { alertEmail: ['a@example.com', 'b'] },
      /^alertEmail: got \["a@example\.com","b"\]; allowed: an e-mail address or a list of them, or null$/,
    ],
    [
      'a retention that CloudWatch refuses',
      { logs: { retentionDays: 31 } },
      /^logs\.retentionDays: got 31; allowed: one of 1, 3, 5, /,
    ],
    ['no Region', { regions: ['Frankfurt'] }, /^regions: got \["Frankfurt"\]; allowed: a list of Regions/],
    [
      'an account without an external id',
      { accounts: [{ id: '123456789012' }] },
      /^accounts: got \[\{"id":"123456789012"\}\]; allowed: a list of \{ "id": 12 digits/,
    ],
    [
      'a budget for nobody knows how many',
      { budget: { monthlyUsd: 50 } },
      /^budget\.instances: got null; allowed: a whole number above 0 when budget\.monthlyUsd is given$/,
    ],
    ['a vpc without subnets', { vpc: { id: 'vpc-1' } }, /^vpc\.subnetIds: got null; allowed: a list of subnet-/],
    ['a list for the whole', [1], /^settings: got \[1\]; allowed: an object of settings$/],
    ['a value for a group', { memory: 5 }, /^memory: got 5; allowed: an object of settings$/],
  ])('refuses %s, naming key, value and what is allowed', (_, given, expected) => {
    expect(problemsOf(given)).toEqual([expect.stringMatching(expected)]);
  });

  it('refuses a weaker layer that is no object, though a stronger one is', () => {
    expect(problemsOf({ forks: 5 }, 'nonsense')).toEqual(['settings: got "nonsense"; allowed: an object of settings']);
  });

  it('reports every problem at once', () => {
    expect(problemsOf({ forks: 0, transport: 'telnet', ssh: { port: 0, nope: 1 } })).toHaveLength(4);
  });

  it('has a default for everything', () => {
    const defaults = parseSettings();
    expect(defaults.schedule.everyMinutes).toBe(5);
    expect(defaults.ssh.user).toBe('ubuntu');
    expect(settingRows().map((row) => row.key)).toContain('vpc.subnetIds');
  });

  it('lays the stronger layer over the weaker one key by key', () => {
    const settings = parseSettings(
      { memory: { warningPercent: 11 } },
      { memory: { clearPercent: 20, warningPercent: 14 } },
    );
    expect(settings.memory).toMatchObject({ warningPercent: 11, clearPercent: 20, criticalPercent: 6 });
  });

  it('comes back from the environment as it went in', () => {
    const settings = parseSettings({ alertEmail: 'you@example.com', disk: { ignoreAboveGib: 7 } });
    const deployed = {
      topicArn: 'arn:aws:sns:us-east-1:1:t',
      probeDocument: 'Probe',
      restartWorkerDocument: 'RestartWorker',
      restartSshdDocument: 'RestartSshd',
      leaseTable: 'Lease',
      remedyFunctionArn: 'arn:aws:lambda:us-east-1:1:function:Remedy',
      bucket: 'bucket',
    };
    expect(fromEnvironment(toEnvironment(settings, deployed))).toEqual({ settings, ...deployed });
  });

  it('takes for absent what the environment lacks', () => {
    const { settings: _, ...others } = fromEnvironment({});
    expect(new Set(Object.values(others))).toEqual(new Set([null]));
  });

  it('refuses an environment that is no JSON object', () => {
    expect(() => fromEnvironment({ CRAWLWATCH_SETTINGS: '{oops' })).toThrow(/CRAWLWATCH_SETTINGS: got "\{oops"/);
  });

  it('takes any https address for a watchdog, and quotes none that it refuses', () => {
    const url = 'https://hc.example.com/p/6e1c0f1e-5a4b-4a6f-9d53-2f6f2d2c6b11/start';
    for (const taken of [url, 'https://hc-ping.com/6e1c0f1e-5a4b-4a6f-9d53-2f6f2d2c6b11']) {
      expect(parseSettings({ alerts: { heartbeatUrl: taken } }).alerts.heartbeatUrl).toBe(taken);
    }
    for (const refused of [url.replace('https', 'http'), `${url}${'x'.repeat(500)}`, { url }]) {
      const problems = () => parseSettings({ alerts: { heartbeatUrl: refused } });
      expect(problems).toThrow(
        'alerts.heartbeatUrl: got what is not shown here, since it may hold a secret; allowed: an https address of at most 500 characters',
      );
      expect(problems).not.toThrow('6e1c0f1e');
    }
  });

  it('says of an unknown time zone what it got and what is allowed', () => {
    expect(() => parseSettings({ alerts: { timeZone: 'Mars/Olympus' } })).toThrow(
      'alerts.timeZone: got "Mars/Olympus"; allowed: a time zone of the tz database, like Europe/Berlin or UTC',
    );
  });
});
