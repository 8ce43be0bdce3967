import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { ssmTransport } from '../../../lambda/ssm/transport.ts';
import { clientThat } from '../../support/client-that.ts';
import { probeAll } from '../../support/probe-run.ts';
import { never, reasonsOf, ssmFleet, ssmSandbox } from '../../support/ssm-sandbox.ts';

const counted = (reasons: Record<string, string>) => {
  const counts: Record<string, number> = {};
  for (const reason of Object.values(reasons)) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
};

describe('ssmTransport: a thousand instances with one unit', () => {
  const fleet = ssmFleet(1000).map((instance) => ({ ...instance, worker: 'sidekiq.service' }));

  it('are asked in 20 commands, found in 20 pages and read in 20 a poll, and never one by one', async () => {
    const { aws, probe } = ssmSandbox();
    for (const { id } of fleet) aws.manage(id, async (_id, units) => `${id} ${units.join(' ')}`);
    const answers = await probe(fleet);
    for (const [id, { reply }] of answers) expect(reply).toEqual({ kind: 'output', output: `${id} sidekiq.service` });
    expect(answers.size).toBe(1000);
    expect(Object.fromEntries(aws.ssm.calls)).toEqual({
      [DescribeInstanceInformationCommand.name]: 20,
      [SendCommandCommand.name]: 20,
      [ListCommandInvocationsCommand.name]: 20,
    });
  });

  it('with one that hangs cost one page more a poll, and one call to cancel it', async () => {
    const { aws, waits, probe } = ssmSandbox();
    for (const { id } of fleet) aws.manage(id, id === 'i-7' ? never : async () => 'fine');
    const answers = await probe(fleet, { hostDeadlineMs: 20_000 });
    expect(counted(reasonsOf(answers))).toEqual({ output: 999, CommandTimeout: 1 });
    // All 20 batches look once; only that of the hung one looks again.
    const polls = waits.length - 20;
    expect(aws.calls(ListCommandInvocationsCommand.name)).toBe(20 + polls);
    expect(aws.calls(CancelCommandCommand.name)).toBe(1);
  });
});

describe('ssmTransport: a fleet where everything goes wrong at once', () => {
  it('gives each instance its own reason', async () => {
    const { aws, probe } = ssmSandbox();
    const says: Record<string, Parameters<typeof aws.manage>[1]> = {
      'i-0': async () => 'fine',
      'i-1': async () => ({ status: 'DeliveryTimedOut' }),
      'i-2': never, // The agent took it and froze.
      'i-3': async () => ({ status: 'Pending' }), // The agent never took it.
      'i-4': async () => 'y'.repeat(5000),
      'i-5': async () => ({ status: 'AccessDenied' }),
      'i-6': async () => ({
        status: 'Failed',
        output: '\n----------ERROR-------\nfork/exec /usr/bin/sh: cannot allocate memory',
      }),
    };
    for (const [id, run] of Object.entries(says)) aws.manage(id, run);
    aws.manage('i-7', never).ping = 'ConnectionLost';
    const answers = await probe(ssmFleet(9));
    expect(reasonsOf(answers)).toEqual({
      'i-0': 'output',
      'i-1': 'SsmDeliveryTimedOut',
      'i-2': 'CommandTimeout',
      'i-3': 'SsmDeliveryTimedOut',
      'i-4': 'output',
      'i-5': 'SsmAccessDenied',
      'i-6': 'ForkFailed',
      'i-7': 'SsmConnectionLost',
      'i-8': 'SsmNotManaged',
    });
    // SSM cuts at 2,500 characters; the reader notices that the end mark is gone.
    const cut = answers.get('i-4')?.reply.output ?? '';
    expect([cut.length, cut.slice(-24)]).toEqual([2_500, 'y\n---Output truncated---'.padStart(24, 'y')]);
  });

  it('reads on where a page in the middle of a poll is throttled', async () => {
    const { aws } = ssmSandbox({ pageSize: 7 });
    for (const { id } of ssmFleet(50)) aws.manage(id, async () => id);
    const { send } = aws.ssm;
    let nth = 0;
    const flaky = clientThat(SSMClient, async (command: ListCommandInvocationsCommand) => {
      if (command instanceof ListCommandInvocationsCommand && ++nth === 3) {
        throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
      }
      return send(command);
    });
    const { documentName } = aws;
    const options = { documentName, sshdPort: () => null, pollSeconds: 0 };
    const answers = await probeAll(ssmTransport(flaky, options), ssmFleet(50));
    expect(counted(reasonsOf(answers))).toEqual({ output: 50 });
    expect(nth).toBeGreaterThan(8);
  });
});
