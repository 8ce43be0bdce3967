import type { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { inWords, templateWith } from './synth.ts';

const EVERYTHING = {
  remedies: { restartWorker: true, restartSshd: true, reboot: true },
  alertEmail: 'you@example.com',
  alerts: { encrypt: true, hostAlarms: true },
  ssh: { keySecretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:crawler-key-AbCdEf' },
  vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] },
  scale: 'distributed',
};

/** Properties by which a resource is named, of any type. CloudFormation makes a name of the stack's where there is none. */
const NAMES =
  /^(Name|Id|AliasName|(Alarm|Bucket|Dashboard|Document|Function|Group|LogGroup|Policy|Queue|Role|StateMachine|Table|Topic|Schedule)Name)$/;

/** Every name that the template gives to a resource, but those of the policies within a role, which are the role's own. */
const namesIn = (template: Template): string[] =>
  Object.values(template.toJSON().Resources as Record<string, { Type: string; Properties?: Record<string, unknown> }>)
    // Their names are their role's and their function's own.
    .filter(({ Type }) => Type !== 'AWS::IAM::Policy' && Type !== 'AWS::Lambda::Alias')
    .flatMap(({ Type, Properties = {} }) =>
      Object.entries(Properties)
        .filter(([key]) => NAMES.test(key))
        .map(([, value]) => `${Type} ${inWords(value)}`),
    )
    // A reference to another of the stack's own.
    .filter((name) => !/ \{\w+\}$/.test(name))
    .toSorted();

it.each([
  ['by default', {}],
  ['with everything', EVERYTHING],
])('two stacks in one account and Region have no name in common, %s', (_, settings) => {
  const [one, other] = ['One', 'Other'].map((stack) => namesIn(templateWith({ ...settings, stack })));
  expect(one!.length).toBeGreaterThan(8);
  expect(other!.filter((name) => one!.includes(name))).toEqual([]);
  for (const name of one!) {
    expect(name).toMatch(
      /^AWS::(CloudWatch::(Alarm One-[a-z-]+|Dashboard One-\{AWS::Region\})|Logs::LogGroup \/aws\/vendedlogs\/states\/One-run)$/,
    );
  }
});

it('everything that a stack says of itself it says by its own name', () => {
  expect(JSON.stringify(templateWith({ ...EVERYTHING, stack: 'Other' }).toJSON())).not.toContain('CrawlwatchStack');
});
