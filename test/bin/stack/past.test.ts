import { CloudFormationServiceException, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { stackPast, withStackState } from '../../../bin/stack/past.ts';
import { checkFleet } from '../../../lambda/check/pipeline.ts';
import { packedFiles } from '../../../lambda/kit/index.ts';
import { EMPTY_STATE, TAG } from '../../../lambda/model/index.ts';
import { Service } from '../../../sandbox/aws-service.ts';
import { instance } from '../../support/fleet.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';

/** A fleet that was checked three times, CRITICAL in the last two, and the stack that keeps its past. */
async function fleetOf(outputs: Readonly<Record<string, string>> | null) {
  const fleet = new SandboxFleet(1);
  fleet.stateFiles = packedFiles(fleet.aws.s3, fleet.aws.bucket.name);
  fleet.host(1, { availableKb: 5_000_000 });
  await fleet.check();
  fleet.host(1, { availableKb: 700_000 });
  await fleet.checks(2);
  const cloudFormation = new Service(CloudFormationServiceException);
  cloudFormation.on(DescribeStacksCommand, ({ StackName }) => {
    if (outputs === null) throw cloudFormation.error('ValidationError', `Stack with id ${StackName} does not exist`);
    const Outputs = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
    return { Stacks: [{ StackName, CreationTime: fleet.now, StackStatus: 'CREATE_COMPLETE' as const, Outputs }] };
  });
  const { s3 } = fleet.aws;
  const options = (bucket: string | null = null) => ({
    ...{ s3, cloudFormation, bucket, stack: 'CrawlwatchStack', isExpected: false },
    clock: { now: () => fleet.now },
  });
  return { fleet, cloudFormation, s3, options, open: (bucket?: string | null) => stackPast(options(bucket)) };
}
const BUCKET = { StateBucketName: 'crawlwatch-state' };
const ONE = [{ id: idOf(1) }] as never;
const SINCE = new Date('2026-11-22T08:10:00Z');

describe("what check --aws knows of before, from the stack's bucket", () => {
  it('is what the checks have kept, which is read once', async () => {
    const { open, s3, cloudFormation } = await fleetOf(BUCKET);
    const past = open();
    s3.calls.clear();
    const { state } = await past.state.load();
    expect(state.instances.get(idOf(1))).toMatchObject({ letters: '.cc', status: 'CRITICAL', since: SINCE });
    expect((await past.history(ONE)).get(idOf(1))?.memory).toHaveLength(3);
    await past.history(ONE);
    expect([...s3.calls, ...cloudFormation.calls]).toEqual([
      ['GetObjectCommand', 2],
      ['DescribeStacksCommand', 1],
    ]);
  });

  it('is never written', async () => {
    const { open, s3 } = await fleetOf(BUCKET);
    const { state } = open();
    const { etag } = await state.load();
    s3.calls.clear();
    expect(await state.save(EMPTY_STATE, etag)).toBeNull();
    expect(s3.calls.size).toBe(0);
  });

  it.each([
    ['there is no such stack', null],
    ['the stack has no bucket', { RemedyFunctionName: 'remedy' }],
  ])('is nothing where %s', async (_, outputs) => {
    const { open } = await fleetOf(outputs);
    expect((await open().history(ONE)).size).toBe(0);
    expect(await open().state.load()).toEqual({ state: EMPTY_STATE, etag: null, beginsEmpty: null });
  });

  it('is found by the environment alone where that names the bucket', async () => {
    const { open, cloudFormation } = await fleetOf(null);
    expect((await open('crawlwatch-state').history(ONE)).size).toBe(1);
    expect((await open('crawlwatch-state').state.load()).state.instances.size).toBe(1);
    expect(cloudFormation.calls.size).toBe(0);
  });

  it('says in the report since when things are as they are', async () => {
    const { fleet, open } = await fleetOf(BUCKET);
    const { report } = await checkFleet(
      fleet.settings,
      { ...fleet.ports(), ...open(), outlets: null },
      { deadlineMs: 60_000 },
    );
    expect(report.instances[0]).toMatchObject({ status: 'CRITICAL', since: '2026-11-22T08:10:00Z' });
    expect(report.problems).toEqual([]);
  });

  it.each([
    [
      'bucket',
      [
        's3:GetObject on arn:aws:s3:::crawlwatch-state/state.json.gz',
        's3:GetObject on arn:aws:s3:::crawlwatch-state/samples',
      ],
    ],
    [
      'stack',
      ['cloudformation:DescribeStacks on CrawlwatchStack,', 'cloudformation:DescribeStacks on CrawlwatchStack,'],
    ],
  ])(
    'costs the past alone without a right on the %s, and the report names that right in one line for the state and one for the forecast',
    async (which, rights) => {
      const { fleet, open, s3, cloudFormation } = await fleetOf(BUCKET);
      if (which === 'bucket') s3.fail(GetObjectCommand, s3.error('AccessDenied', 'no'), 9);
      else cloudFormation.fail(DescribeStacksCommand, cloudFormation.error('AccessDenied', 'no'), 9);
      const ports = { ...fleet.ports(), ...open(), outlets: null };
      const { report } = await checkFleet(fleet.settings, ports, { deadlineMs: 60_000 });
      expect(report.summary).toMatchObject({ checked: 1, critical: 1 });
      expect(report.instances[0]?.forecast).toEqual({ memoryMinutes: null, diskMinutes: null });
      const [state, history, ...others] = report.problems;
      expect(state).toMatch(/^state: [^\n]*$/);
      expect(history).toMatch(/^history: [^\n]*$/);
      expect(others).toEqual([]);
      expect([state, history]).toEqual(rights.map((right) => expect.stringContaining(`takes the right ${right}`)));
    },
  );
});

describe('instances with what the stack remembers', () => {
  const found = [instance({ id: idOf(1), tags: { [TAG.status]: 'WARNING:DiskLow' } })];

  it('have the status of the last check, whatever their tags show', async () => {
    const { options } = await fleetOf(BUCKET);
    const [one] = await withStackState(found, options());
    expect(one?.remembered).toMatchObject({ status: 'CRITICAL', since: SINCE, letters: '.cc' });
  });

  it.each([
    ['there is no such stack', null],
    ['the stack has no bucket', {}],
  ])('have what their tags show where %s', async (_, outputs) => {
    const { options } = await fleetOf(outputs);
    const [one] = await withStackState(found, options());
    expect(one?.remembered).toMatchObject({ status: 'WARNING', reasons: ['DiskLow'], since: null });
  });

  it('have what their tags show where there is no stack of the name that a person gave, and that is reported', async () => {
    const { options } = await fleetOf(null);
    const unread: unknown[] = [];
    const expected = { ...options(), stack: 'WRONG', isExpected: true };
    const [one] = await withStackState(found, expected, (error) => unread.push(error));
    expect(one?.remembered).toMatchObject({ status: 'WARNING', since: null });
    expect(unread.map(String)).toEqual(['Error: there is no stack WRONG in this Region; --stack NAME names another']);
  });

  it('have what their tags show where the state may not be read, and the right is named', async () => {
    const { options, s3 } = await fleetOf(BUCKET);
    s3.fail(GetObjectCommand, s3.error('AccessDenied', 'no'), 9);
    const unread: unknown[] = [];
    const [one] = await withStackState(found, options(), (error) => unread.push(error));
    expect(one?.remembered).toMatchObject({ status: 'WARNING', reasons: ['DiskLow'] });
    expect(unread).toEqual([
      expect.objectContaining({ message: expect.stringContaining('s3:GetObject on arn:aws:s3:::crawlwatch-state/') }),
    ]);
  });
});
