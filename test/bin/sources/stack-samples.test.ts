import { CloudFormationServiceException, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { stackHistory } from '../../../bin/sources/stack-samples.ts';
import { checkFleet } from '../../../lambda/check/pipeline.ts';
import { Service } from '../../../sandbox/aws-service.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';

/** A fleet with a past, and the stack that keeps it. */
async function fleetOf(outputs: Readonly<Record<string, string>> | null) {
  const fleet = new SandboxFleet(1);
  fleet.host(1, { availableKb: 5_000_000 });
  await fleet.checks(3);
  const cloudFormation = new Service(CloudFormationServiceException);
  cloudFormation.on(DescribeStacksCommand, ({ StackName }) => {
    if (outputs === null) throw cloudFormation.error('ValidationError', `Stack with id ${StackName} does not exist`);
    const Outputs = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
    return { Stacks: [{ StackName, CreationTime: fleet.now, StackStatus: 'CREATE_COMPLETE' as const, Outputs }] };
  });
  const { s3 } = fleet.aws;
  const open = (bucket: string | null = null) =>
    stackHistory({ s3, cloudFormation, bucket, stack: 'CrawlwatchStack', clock: { now: () => fleet.now } });
  return { fleet, cloudFormation, s3, open };
}
const BUCKET = { StateBucketName: 'crawlwatch-state' };
const ONE = [{ id: idOf(1) }] as never;

describe("what check --aws knows of before, from the stack's bucket", () => {
  it('is what the checks have kept, which is read once', async () => {
    const { open, s3, cloudFormation } = await fleetOf(BUCKET);
    const history = open();
    s3.calls.clear();
    expect((await history(ONE)).get(idOf(1))?.memory).toHaveLength(3);
    await history(ONE);
    expect([...s3.calls, ...cloudFormation.calls]).toEqual([
      ['GetObjectCommand', 1],
      ['DescribeStacksCommand', 1],
    ]);
  });

  it.each([
    ['there is no such stack', null],
    ['the stack has no bucket', { RemedyFunctionName: 'remedy' }],
  ])('is nothing where %s', async (_, outputs) => {
    const { open } = await fleetOf(outputs);
    expect(await open()(ONE)).toEqual(new Map());
  });

  it('is found by the environment alone where that names the bucket', async () => {
    const { open, cloudFormation } = await fleetOf(null);
    expect((await open('crawlwatch-state')(ONE)).size).toBe(1);
    expect(cloudFormation.calls.size).toBe(0);
  });

  it.each([
    ['s3:GetObject on arn:aws:s3:::crawlwatch-state/samples', 'object'],
    ['cloudformation:DescribeStacks on CrawlwatchStack', 'stack'],
  ])(
    'costs the forecast alone without the right %s, and the report names that right in one line',
    async (right, which) => {
      const { fleet, open, s3, cloudFormation } = await fleetOf(BUCKET);
      if (which === 'object') s3.fail(GetObjectCommand, s3.error('AccessDenied', 'no'), 9);
      else cloudFormation.fail(DescribeStacksCommand, cloudFormation.error('AccessDenied', 'no'), 9);
      const ports = { ...fleet.ports(), history: open(), outlets: null };
      const { report } = await checkFleet(fleet.settings, ports, { deadlineMs: 60_000 });
      expect(report.summary).toMatchObject({ checked: 1 });
      expect(report.instances[0]?.forecast).toEqual({ memoryMinutes: null, diskMinutes: null });
      expect(report.problems).toEqual([expect.stringMatching(/^history: [^\n]*$/)]);
      expect(report.problems[0]).toContain(right);
    },
  );
});
