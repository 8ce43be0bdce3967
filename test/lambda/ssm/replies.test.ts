import { describe, expect, it } from 'vitest';
import type { NodeResult } from '../../../sandbox/aws.ts';
import { ssmFleet, ssmSandbox } from '../../support/ssm-sandbox.ts';

describe('ssmTransport: how commands end', () => {
  it.each<[string, NodeResult, string, string]>([
    ['delivery timed out', { status: 'DeliveryTimedOut' }, 'SsmDeliveryTimedOut', ''],
    ['the same as the documentation spells it', { status: 'Delivery Timed Out' }, 'SsmDeliveryTimedOut', ''],
    ['the agent ended it', { status: 'ExecutionTimedOut', output: 'half' }, 'CommandTimeout', 'half'],
    ['undeliverable', { status: 'Undeliverable' }, 'SsmNotManaged', ''],
    ['not on this instance', { status: 'AccessDenied' }, 'SsmAccessDenied', ''],
    ['someone cancelled', { status: 'Cancelled' }, 'NotChecked', ''],
    ['too many commands', { status: 'RateExceeded' }, 'NotChecked', ''],
    ['a status nobody knows', { status: 'Evaporated' }, 'NotChecked', ''],
    [
      'no shell could be forked',
      {
        status: 'Failed',
        output: '\n----------ERROR-------\nfailed to run commands: fork/exec /usr/bin/sh: cannot allocate memory',
      },
      'ForkFailed',
      '',
    ],
  ])('%s', async (_what, result, reason, output) => {
    const { aws, probe } = ssmSandbox();
    aws.manage('i-0', async () => result);
    const reply = (await probe(ssmFleet(1))).get('i-0')?.reply;
    expect(reply).toMatchObject({ kind: 'failed', reason });
    expect(reply?.output ?? '').toBe(output);
  });

  it.each<[string, NodeResult, string]>([
    ['success', 'crawlwatch 1\nend', 'crawlwatch 1\nend'],
    ['both streams', { status: 'Success', output: 'numbers\n----------ERROR-------\nnoise' }, 'numbers'],
    ['failure after output', { status: 'Failed', output: 'numbers\n----------ERROR-------\nCannot fork' }, 'numbers'],
    ['nothing at all', { status: 'Failed' }, ''],
  ])('gives the output of %s', async (_what, result, output) => {
    const { aws, probe } = ssmSandbox();
    aws.manage('i-0', async () => result);
    expect((await probe(ssmFleet(1))).get('i-0')?.reply).toEqual({ kind: 'output', output });
  });
});

describe('ssmTransport: what an agent says in place of a report', () => {
  it.each([
    [
      'failed to create orchestrationDir: mkdir /var/lib/amazon/ssm/i-0: no space left on device',
      'A disk of the host is full: the SSM agent could not run the probe: failed to create orchestrationDir: mkdir /var/lib/amazon/ssm/i-0: no space left on device',
    ],
    ['exit\x1b[31m status 126', 'The SSM agent could not run the probe: exit [31m status 126'],
    ['x'.repeat(2_000), `The SSM agent could not run the probe: ${'x'.repeat(200)}`],
  ])('quotes %j', async (said, text) => {
    const { aws, probe } = ssmSandbox();
    aws.manage('i-0', async () => ({ status: 'Failed', output: `\n----------ERROR-------\n${said}` }));
    expect((await probe(ssmFleet(1))).get('i-0')?.reply).toEqual({ kind: 'failed', reason: 'Unparsable', text });
  });
});
