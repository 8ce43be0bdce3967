/** Lambda's 4 KB for a function's environment. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromEnvironment, parseSettings } from '../../lambda/settings/settings.ts';
import { environmentBytes } from '../../lib/limits/environment.ts';
import { inWords, problemsOf, templateWith } from './synth.ts';

const accounts = (count: number, externalId = 'an-external-id-of-32-characters-') =>
  Array.from({ length: count }, (_, n) => ({ id: String(210000000000 + n), externalId }));

/** By function: its variables, with names in place of what is only known at deploy. */
function environmentsWith(settings: object): Record<string, Record<string, string>> {
  const functions = Object.entries(templateWith(settings).findResources('AWS::Lambda::Function'));
  return Object.fromEntries(
    ['Check', 'Remedy', 'Widget'].map((name) => {
      const [, { Properties }] = functions.find(([id]) => id.startsWith(name))!;
      const variables = Object.entries(Properties.Environment.Variables as Record<string, unknown>);
      return [name, Object.fromEntries(variables.map(([key, value]) => [key, String(inWords(value))]))];
    }),
  );
}
const settingsIn = (environment: Record<string, string>) => JSON.parse(environment.CRAWLWATCH_SETTINGS!);

describe('the environment of the functions', () => {
  it('holds no setting that is as by default', () => {
    for (const environment of Object.values(environmentsWith({}))) expect(settingsIn(environment)).toEqual({});
    const { Check } = environmentsWith({ memory: { warningPercent: 13 }, forks: 100 });
    expect(settingsIn(Check!)).toEqual({ memory: { warningPercent: 13 } });
  });

  it('holds what differs and is read: of accounts no role with the usual name, for acting nothing of elsewhere', () => {
    const settings = {
      alertEmail: 'you@example.com',
      regions: ['eu-central-1', 'us-east-1'],
      accounts: [
        { id: '210987654321', externalId: 'a-long-secret' },
        { id: '345678901234', externalId: 'another-secret', roleName: 'watch' },
      ],
      budget: { monthlyUsd: 100, instances: 50 },
      logs: { retentionDays: 14 },
      vpc: {
        id: 'vpc-0123456789abcdef0',
        subnetIds: ['subnet-0123456789abcdef0'],
        securityGroupIds: ['sg-0123456789abcdef0'],
        createEndpoints: ['ec2'],
        ipv6: true,
      },
    };
    const { budget: _, logs: __, vpc, ...read } = settings;
    const inVpc = { id: vpc.id, subnetIds: vpc.subnetIds };
    const { Check, Remedy, Widget } = environmentsWith(settings);
    expect(settingsIn(Check!)).toEqual({ ...read, vpc: inVpc });
    expect(settingsIn(Widget!)).toEqual({ ...read, vpc: inVpc });
    expect(settingsIn(Remedy!)).toEqual({ vpc: inVpc });
    // Read back, it is what a function reads of the whole.
    const whole = parseSettings(settings);
    const { settings: readBack } = fromEnvironment(Check!);
    expect({ ...readBack, budget: whole.budget, logs: whole.logs, vpc: whole.vpc }).toEqual(whole);
  });

  it('takes 28 accounts, and many more than before', () => {
    expect(problemsOf({ accounts: accounts(28) })).toEqual([]);
    for (const environment of Object.values(environmentsWith({ accounts: accounts(28) }))) {
      expect(environmentBytes(environment)).toBeLessThan(3_900);
    }
  });

  it('is measured as Lambda measures it: one JSON object, its escapes included', () => {
    expect(environmentBytes({ A: '{"b":"ü"}' })).toBe(Buffer.byteLength('{"A":"{\\"b\\":\\"ü\\"}"}'));
  });

  it('fails the synth where it is too large, with what takes the room', () => {
    const settings = {
      accounts: accounts(60),
      alertEmail: Array.from({ length: 20 }, (_, n) => `person${n}@example.com`),
    };
    const problems = problemsOf({ ...settings, tag: { value: 'a'.repeat(256) } });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(
      /^settings: the environment of the check function takes \d{4} bytes of at most 3900 \(Lambda allows 4096\)\. Most of it: accounts \d{4} \(60 of them\), alertEmail \d{3} \(20 of them\), tag \d{3}\. Make them shorter or fewer, or divide them among several stacks \(the setting stack\)\.$/,
    );
    expect(problems[1]).toMatch(/^settings: the environment of the widget function takes/);
  });

  it('is refused before Lambda would refuse it, with names as long as CloudFormation makes them', () => {
    const fits = (count: number) => problemsOf({ accounts: accounts(count), remedies: { reboot: true } }).length === 0;
    // The most accounts that synth lets through: `count` fits, `over` doesn't.
    let [count, over] = [28, 60];
    while (over - count > 1) {
      const middle = Math.floor((count + over) / 2);
      [count, over] = fits(middle) ? [middle, over] : [count, middle];
    }
    const { Check } = environmentsWith({ accounts: accounts(count), remedies: { reboot: true } });
    const names: Record<string, string> = {
      CRAWLWATCH_TOPIC_ARN: 'arn:aws-us-gov:sns:us-gov-west-1:123456789012:CrawlwatchStack-AlertsE664E991-0123456789AB',
      CRAWLWATCH_PROBE_DOCUMENT: 'CrawlwatchStack-ProbeDDE5A5A8-0123456789AB',
      CRAWLWATCH_REMEDY_FUNCTION_ARN:
        'arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:CrawlwatchStack-RemedyE8E0F5E9-0123456789AB:automatic',
      CRAWLWATCH_BUCKET: 'crawlwatchstack-storefiles0a0b0c0d-0123456789ab',
    };
    const deployed = Object.fromEntries(Object.entries(Check!).map(([key, value]) => [key, names[key] ?? value]));
    expect(environmentBytes(deployed)).toBeLessThan(4_096);
    expect(environmentBytes(deployed)).toBeGreaterThan(3_400);
  });
});

describe('what the functions are not given', () => {
  const sources = (readdirSync('lambda', { recursive: true }) as string[])
    .filter((file) => file.endsWith('.ts') && !/^(settings|cost)\//.test(file))
    .map((file) => [file, readFileSync(join('lambda', file), 'utf8')] as const);

  it.each([
    ['budget', /\bbudget\.(monthlyUsd|instances)\b|settings\.budget\b/],
    ['logs', /\bretentionDays\b|settings\.logs\b/],
    ['vpc', /\b(securityGroupIds|routeTableIds|createEndpoints)\b|vpc\.ipv6\b/],
  ])('is read by none of them: %s', (_, reading) => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.filter(([, text]) => reading.test(text)).map(([file]) => file)).toEqual([]);
  });

  it('is read by none of what acts: other accounts, other Regions, and who gets mail', () => {
    const acting = sources.filter(([file]) => /^(remedy\/|remedy-handler|wiring\/remedy)/.test(file));
    expect(acting.length).toBeGreaterThan(10);
    const reading = /settings\.(accounts|regions|alertEmail)\b|\b(fleetTargets|readPlaces)\b/;
    expect(acting.filter(([, text]) => reading.test(text)).map(([file]) => file)).toEqual([]);
  });
});
