import { describe, expect, it } from 'vitest';
import { OWN_TAG_KEYS, TAG } from '../../lambda/model/index.ts';
import { type Call, mayCall } from '../support/iam.ts';
import { checkGrants, grantsOf, templateWith } from './synth.ts';

const OFF = {};
const ON = { remedies: { restartWorker: true, restartSshd: true, reboot: true } };
const IN_VPC = { ...ON, vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] } };
const SETTINGS = [
  ['off', OFF],
  ['on', ON],
  ['on, in a VPC', IN_VPC],
] as const;

const INSTANCE = 'arn:{AWS::Partition}:ec2:{AWS::Region}:{AWS::AccountId}:instance/i-00000000000000001';
const documentCalled = (name: string) => `arn:{AWS::Partition}:ssm:{AWS::Region}:{AWS::AccountId}:document/${name}`;
const FLAG = { [`aws:ResourceTag/${TAG.flag}`]: 'BannerTimeout@2026-11-22T08:05:00Z' };
const WATCHED = { 'aws:ResourceTag/crawlwatch': 'true' };

const onInstance = (action: string, context: Call['context'] = {}): Call => ({ action, resource: INSTANCE, context });
const tagging = (action: string, keys: readonly string[], more = WATCHED): Call =>
  onInstance(action, { ...more, ...(keys.length > 0 && { 'aws:TagKeys': keys }) });
const command = (document: string): Call => ({ action: 'ssm:SendCommand', resource: documentCalled(document) });

describe.each(SETTINGS)('the role of the check, with automatic acting %s', (_, settings) => {
  it.each<[string, Call]>([
    ['reboot a flagged instance', onInstance('ec2:RebootInstances', { ...WATCHED, ...FLAG })],
    ['stop one', onInstance('ec2:StopInstances', WATCHED)],
    ['terminate one', onInstance('ec2:TerminateInstances', WATCHED)],
    ['restart a worker', command('{RestartWorker}')],
    ['restart sshd', command('{RestartSshd}')],
    ['run a shell', command('AWS-RunShellScript')],
    ['open a session', onInstance('ssm:StartSession', WATCHED)],
    ['change a document', { action: 'ssm:UpdateDocument', resource: documentCalled('{Probe}') }],
    ['take the lease', { action: 'dynamodb:PutItem', resource: '{RemedyLease.Arn}' }],
    ['change the remedy function', { action: 'lambda:UpdateFunctionCode', resource: '{Remedy.Arn}' }],
    ['invoke another function', { action: 'lambda:InvokeFunction', resource: '{Widget.Arn}' }],
    ['pass a role', { action: 'iam:PassRole', resource: '{RemedyRole.Arn}' }],
  ])('may not %s', (_, call) => {
    expect(mayCall('CheckRole', settings, call)).toBe(false);
  });

  it('may run the probe and write the flag: without that the rows above would say little', () => {
    expect(mayCall('CheckRole', settings, command('{Probe}'))).toBe(true);
    expect(mayCall('CheckRole', settings, tagging('ec2:CreateTags', [TAG.flag]))).toBe(true);
  });
});

describe('automatic acting', () => {
  it.each([
    ['no remedy', {}, false],
    ['restarts of workers', { remedies: { restartWorker: true } }, true],
    ['restarts of sshd', { remedies: { restartSshd: true } }, true],
    ['reboots', { remedies: { reboot: true } }, true],
  ])('adds the right to invoke the remedy function where it is on: %s', (_, settings, added) => {
    const invoke = (qualifier: string) =>
      mayCall('CheckRole', settings, { action: 'lambda:InvokeFunction', resource: `{Remedy.Arn}${qualifier}` });
    expect(invoke(':automatic')).toBe(added);
    // As IAM has it, each of these is another resource: those through which a person asks.
    for (const other of ['', ':$LATEST', ':people', ':automatic2', ':1', ':*'])
      expect([other, invoke(other)]).toEqual([other, false]);
  });

  it.each(['CheckRole', 'RemedyRole', 'WidgetRole'])('leaves %s no other way to a function', (role) => {
    const ways = grantsOf(role, ON).filter(({ Action }) => [Action].flat().some((one) => /^(lambda:|\*)/.test(one)));
    expect(ways.flatMap(({ Resource }) => Resource)).toEqual(role === 'CheckRole' ? ['{Remedy.Arn}:automatic'] : []);
  });

  it('goes through an alias that is tried once, as the function itself is', () => {
    const all = Object.values(templateWith(ON).findResources('AWS::Lambda::EventInvokeConfig')).map(
      (one) => one.Properties,
    );
    const ofRemedy = all.filter(({ FunctionName }) => JSON.stringify(FunctionName).includes('Remedy'));
    expect(ofRemedy.map(({ Qualifier }) => (typeof Qualifier === 'string' ? Qualifier : 'alias')).toSorted()).toEqual([
      '$LATEST',
      'alias',
    ]);
    for (const each of ofRemedy) expect(each).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    const aliases = Object.values(templateWith(ON).findResources('AWS::Lambda::Alias')).map((one) => one.Properties);
    expect(aliases).toMatchObject([{ Name: 'automatic', FunctionVersion: '$LATEST' }]);
  });

  it('adds nothing else to the role of the check', () => {
    const others = checkGrants(ON).filter(({ Sid }) => Sid !== 'InvokeRemedy');
    expect(others).toEqual(checkGrants(OFF));
    expect(checkGrants(ON)).toHaveLength(others.length + 1);
  });

  it('changes nothing of what the remedy function may', () => {
    expect(grantsOf('RemedyRole', ON)).toEqual(grantsOf('RemedyRole', OFF));
  });
});

describe.each(SETTINGS)('the role of the remedy function, with automatic acting %s', (_, settings) => {
  it.each<[string, Call]>([
    ['reboot an instance that is not flagged', onInstance('ec2:RebootInstances', WATCHED)],
    ['reboot one that is not watched, though it carries the flag', onInstance('ec2:RebootInstances', FLAG)],
    ['stop one', onInstance('ec2:StopInstances', { ...WATCHED, ...FLAG })],
    ['terminate one', onInstance('ec2:TerminateInstances', { ...WATCHED, ...FLAG })],
    ['write the flag', tagging('ec2:CreateTags', [TAG.flag])],
    ['write the flag beside its own tag', tagging('ec2:CreateTags', [TAG.acted, TAG.flag])],
    ['write the tag that lets it act', tagging('ec2:CreateTags', [TAG.auto])],
    ['write the watch tag', tagging('ec2:CreateTags', ['crawlwatch'], {} as typeof WATCHED)],
    ['end a mute', tagging('ec2:DeleteTags', [TAG.mute])],
    ['delete another tag with the flag', tagging('ec2:DeleteTags', [TAG.flag, TAG.status])],
    ['delete all tags by naming none', tagging('ec2:DeleteTags', [])],
    ['run a shell', command('AWS-RunShellScript')],
    [
      'send a command to one that is not watched',
      onInstance('ssm:SendCommand', { 'ssm:resourceTag/crawlwatch': 'no' }),
    ],
    ['change a document', { action: 'ssm:UpdateDocument', resource: documentCalled('{RestartWorker}') }],
    ['invoke a function', { action: 'lambda:InvokeFunction', resource: '{Check.Arn}' }],
    ['write to another table', { action: 'dynamodb:PutItem', resource: 'arn:aws:dynamodb:x:1:table/other' }],
  ])('may not %s', (_, call) => {
    expect(mayCall('RemedyRole', settings, call)).toBe(false);
  });

  it.each<[string, Call]>([
    ['reboot what is watched and flagged', onInstance('ec2:RebootInstances', { ...WATCHED, ...FLAG })],
    ['record what it did', tagging('ec2:CreateTags', [TAG.acted])],
    ['take the flag away', tagging('ec2:DeleteTags', [TAG.flag])],
    ['restart a worker', command('{RestartWorker}')],
    ['restart sshd', command('{RestartSshd}')],
    ['check once more right before', command('{Probe}')],
    ['send commands to watched ones', onInstance('ssm:SendCommand', { 'ssm:resourceTag/crawlwatch': 'true' })],
  ])('may %s', (_, call) => {
    expect(mayCall('RemedyRole', settings, call)).toBe(true);
  });

  it('may write one of the tags that are crawlwatch’s own, and delete one', () => {
    const may = (action: string) =>
      OWN_TAG_KEYS.filter((key) => mayCall('RemedyRole', settings, tagging(action, [key])));
    expect([may('ec2:CreateTags'), may('ec2:DeleteTags')]).toEqual([[TAG.acted], [TAG.flag]]);
  });
});

describe('the role of the remedy function where hosts are asked over SSH alone', () => {
  it('holds no right on SSM, and restarts over SSH', () => {
    expect(mayCall('RemedyRole', { transport: 'ssh' }, command('{RestartWorker}'))).toBe(false);
    const actions = grantsOf('RemedyRole', { transport: 'ssh' }).flatMap(({ Action }) => Action);
    expect(actions.filter((action) => action.startsWith('ssm:'))).toEqual([]);
  });
});
