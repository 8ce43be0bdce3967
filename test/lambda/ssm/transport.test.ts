import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../lambda/model/index.ts';
import { ssmTransport } from '../../../lambda/ssm/transport.ts';
import { clientThat } from '../../support/client-that.ts';
import { probeAll } from '../../support/probe-run.ts';
import { never, reasonsOf, ssmFleet, ssmInstance, ssmSandbox } from '../../support/ssm-sandbox.ts';

describe('ssmTransport: instances that SSM can not reach', () => {
  it('names those it does not manage, with the fix, and those whose agent is silent, since when', async () => {
    const { aws, probe } = ssmSandbox();
    aws.manage('i-0', async () => 'fine');
    aws.manage('i-1', never).ping = 'ConnectionLost';
    const answers = await probe(ssmFleet(3));
    expect(reasonsOf(answers)).toEqual({ 'i-0': 'output', 'i-1': 'SsmConnectionLost', 'i-2': 'SsmNotManaged' });
    expect(answers.get('i-1')?.reply).toMatchObject({
      text: expect.stringContaining('since 2026-11-22T08:00:00.000Z'),
    });
    expect(answers.get('i-2')?.reply).toMatchObject({
      text: expect.stringContaining('AmazonSSMManagedInstanceCore'),
    });
  });

  it('sends all the same where it could not ask who is managed, and finds out who is not', async () => {
    const { aws, probe } = ssmSandbox();
    aws.fail(DescribeInstanceInformationCommand, 'ThrottlingException', 99);
    for (const { id } of ssmFleet(7)) if (id !== 'i-3') aws.manage(id, async () => 'fine');
    const answers = await probe(ssmFleet(7));
    expect(reasonsOf(answers)).toEqual({
      ...Object.fromEntries(ssmFleet(7).map(({ id }) => [id, 'output'])),
      'i-3': 'SsmNotManaged',
    });
  });

  it("isolates one that vanished after it was listed, at no other's cost", async () => {
    const { aws } = ssmSandbox();
    for (const { id } of ssmFleet(50)) aws.manage(id, async () => 'fine');
    const list = aws.ssm.send;
    const answers = await probeAll(
      ssmTransport(
        clientThat(SSMClient, async (command: SendCommandCommand) => {
          const reply = await list(command);
          if ((command as object) instanceof DescribeInstanceInformationCommand) aws.nodes.delete('i-17');
          return reply;
        }),
        { documentName: aws.documentName, sshdPort: () => null, pollSeconds: 0 },
      ),
      ssmFleet(50),
    );
    expect(Object.entries(reasonsOf(answers)).filter(([, reason]) => reason !== 'output')).toEqual([
      ['i-17', 'SsmNotManaged'],
    ]);
    expect(aws.calls('SendCommandCommand')).toBeLessThan(14);
  });

  it('isolates the one instance that a policy denies commands', async () => {
    const { aws, probe } = ssmSandbox();
    for (const { id } of ssmFleet(50)) aws.manage(id, async () => 'fine');
    aws.denied.add('i-44');
    const failed = Object.entries(reasonsOf(await probe(ssmFleet(50)))).filter(([, reason]) => reason !== 'output');
    expect(failed).toEqual([['i-44', 'SsmAccessDenied']]);
  });

  it.each([
    ['AccessDeniedException', 'SsmAccessDenied'],
    ['InvalidDocument', 'NotChecked'],
    ['ThrottlingException', 'NotChecked'],
  ])('gives the batch whose SendCommand fails with %s the reason %s, and spares the next', async (code, reason) => {
    const { aws, probe } = ssmSandbox();
    for (const { id } of ssmFleet(60)) aws.manage(id, async () => 'fine');
    aws.fail(SendCommandCommand, code);
    const answers = await probe(ssmFleet(60));
    const counts = new Map<string, number>();
    for (const each of Object.values(reasonsOf(answers))) counts.set(each, (counts.get(each) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ [reason]: 50, output: 10 });
    expect(aws.calls('SendCommandCommand')).toBe(2);
  });
});

it('names a limit of this side by which SSM could not be asked', async () => {
  const { aws, probe } = ssmSandbox();
  aws.manage('i-0', async () => 'fine');
  aws.ssm.on(SendCommandCommand, () => {
    throw Object.assign(new Error('connect EMFILE 10.0.0.1:443'), { code: 'EMFILE' });
  });
  expect((await probe(ssmFleet(1))).get('i-0')?.reply).toMatchObject({
    reason: 'NotChecked',
    text: expect.stringMatching(/^SendCommand was not sent: .*EMFILE.*ulimit -n/),
  });
});

describe('ssmTransport: time', () => {
  it('says at the deadline whether the agent had taken the command, and cancels both', async () => {
    const { aws, probe } = ssmSandbox();
    aws.manage('i-0', never);
    aws.manage('i-1', async () => ({ status: 'InProgress', started: false }));
    aws.manage('i-2', async () => ({ status: 'Pending' }));
    aws.manage('i-3', async () => 'fine');
    const answers = await probe(ssmFleet(4));
    expect(reasonsOf(answers)).toEqual({
      'i-0': 'CommandTimeout',
      'i-1': 'SsmDeliveryTimedOut',
      'i-2': 'SsmDeliveryTimedOut',
      'i-3': 'output',
    });
    expect([answers.get('i-0')?.durationMs, answers.get('i-3')?.durationMs]).toEqual([75_000, 2_000]);
    expect(aws.calls('CancelCommandCommand')).toBe(1);
  });

  it('polls after two seconds, then slower, never slower than every five', async () => {
    const { aws, waits, probe } = ssmSandbox();
    aws.manage('i-0', never);
    await probe(ssmFleet(1), { hostDeadlineMs: 20_000 });
    expect(waits).toEqual([2_000, 3_000, 4_500, 5_000, 5_000, 500]);
  });

  it('goes on polling when one poll fails', async () => {
    const { aws, probe } = ssmSandbox();
    aws.manage('i-0', async () => 'fine');
    aws.fail(ListCommandInvocationsCommand, 'ThrottlingException', 3);
    expect(reasonsOf(await probe(ssmFleet(1)))).toEqual({ 'i-0': 'output' });
  });

  it.each([
    ['ThrottlingException', 'NotChecked', 17],
    ['AccessDeniedException', 'SsmAccessDenied', 1],
  ])('never calls a host hung because SSM answers %s: %s', async (code, reason, polls) => {
    const { aws, probe } = ssmSandbox();
    aws.manage('i-0', async () => 'fine');
    aws.fail(ListCommandInvocationsCommand, code, 99);
    aws.fail(CancelCommandCommand, code, 99);
    expect(reasonsOf(await probe(ssmFleet(1)))).toEqual({ 'i-0': reason });
    expect(aws.calls('ListCommandInvocationsCommand')).toBe(polls);
  });

  it('gives up at once when the run is aborted, cancels what it sent and replies for no instance', async () => {
    const { aws, probe } = ssmSandbox();
    const run = new AbortController();
    aws.manage('i-0', () => {
      run.abort();
      return never();
    });
    expect(await probe(ssmFleet(1), { signal: run.signal })).toEqual(new Map());
    expect(aws.calls('ListCommandInvocationsCommand')).toBe(0);
    expect(aws.calls('CancelCommandCommand')).toBe(1);
  });

  it('waits in real time, and no longer than the abort', async () => {
    const { aws } = ssmSandbox();
    aws.manage('i-0', never);
    const transport = ssmTransport(aws.ssm, {
      documentName: aws.documentName,
      sshdPort: () => null,
      pollSeconds: 3_600,
    });
    const run = new AbortController();
    const done = probeAll(transport, ssmFleet(1), { signal: run.signal, hostDeadlineMs: 3_600_000 });
    setTimeout(() => run.abort(), 20);
    expect(await done).toEqual(new Map());
  });
});

describe('ssmTransport: batches', () => {
  const asked = async (instances: readonly Instance[]): Promise<Record<string, string>> => {
    const { aws, probe } = ssmSandbox({ pageSize: 7 });
    const units: Record<string, string> = {};
    for (const { id } of instances) {
      aws.manage(id, async (_id, given) => {
        units[id] = given.join(' ');
        return id;
      });
    }
    const answers = await probe(instances);
    for (const { id } of instances) expect(answers.get(id)?.reply).toEqual({ kind: 'output', output: id });
    return units;
  };

  it('gives each of 120 hosts its own reply over pages of seven, in three commands', async () => {
    const { aws, probe } = ssmSandbox({ pageSize: 7 });
    for (const { id } of ssmFleet(120)) aws.manage(id, async () => `of ${id}`);
    const answers = await probe(ssmFleet(120));
    expect(answers.size).toBe(120);
    for (const [id, { reply }] of answers) expect(reply).toEqual({ kind: 'output', output: `of ${id}` });
    expect(aws.calls('SendCommandCommand')).toBe(3);
  });

  it('asks hosts for the units of their batch, each once', async () => {
    const units = await asked([
      ssmInstance('i-0', { worker: 'sidekiq.service' }),
      ssmInstance('i-1', { worker: 'crawler@1.service' }),
      ssmInstance('i-2', { worker: 'sidekiq.service' }),
      ssmInstance('i-3'),
    ]);
    expect(new Set(Object.values(units))).toEqual(new Set(['crawler@1.service sidekiq.service']));
  });

  it.each(['a b', '$(reboot)', 'x;y', 'ü.service', '', 'sshd:22', 'a\nb'])(
    'sends no unit called %j',
    async (worker) => {
      expect(await asked([ssmInstance('i-0', { worker }), ssmInstance('i-1', { worker: 'good' })])).toEqual({
        'i-0': 'good',
        'i-1': 'good',
      });
    },
  );

  it('asks for sshd only where one is expected, at its own port', async () => {
    const login = { user: 'ubuntu', port: 2222, privateKeyPath: null };
    const units = await asked([
      ssmInstance('i-0', { worker: 'a' }),
      ssmInstance('i-1', { worker: 'a', sshdExpected: true }),
      ssmInstance('i-2', { worker: 'b', sshdExpected: true }),
      ssmInstance('i-3', { worker: 'a', sshdExpected: true, login }),
    ]);
    expect(units).toEqual({ 'i-0': 'a', 'i-1': 'sshd:22 a b', 'i-2': 'sshd:22 a b', 'i-3': 'sshd:2222 a' });
  });

  it('keeps hosts with the same unit in one command', async () => {
    const units = await asked(
      ssmFleet(100).map((each, n) => ({ ...each, worker: n % 2 === 0 ? 'even.service' : 'odd.service' })),
    );
    expect(units['i-0']).toBe('even.service');
    expect(units['i-1']).toBe('odd.service');
  });

  it('calls nothing for no instances', async () => {
    const { aws, probe } = ssmSandbox();
    expect((await probe([])).size).toBe(0);
    expect(aws.ssm.calls.size).toBe(0);
  });
});
