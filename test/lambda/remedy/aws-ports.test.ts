import { RebootInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import type { FreshCheck, Transport } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { remedyPorts } from '../../../lambda/wiring/remedy.ts';
import { instance } from '../../support/fleet.ts';
import { ID, RemedyStack } from '../../support/remedy-stack.ts';

const ONE = instance({ id: ID, tags: { crawlwatch: 'true', [TAG.worker]: 'sidekiq.service' } });
/** As it answered right before, by that way. */
const seenBy = (transport: Transport) => ({ report: { transport } }) as FreshCheck;

/** A stack whose one host runs the documents as a test says; they have the one name that the sandbox knows. */
function overSsm(answer: string) {
  const stack = new RemedyStack(1, { transport: 'ssm' });
  const { aws } = stack.fleet;
  const asked: (readonly string[])[] = [];
  aws.manage(ID, async (_id, units) => {
    asked.push(units);
    return answer;
  });
  const restartDocuments = { worker: aws.documentName, sshd: aws.documentName };
  return { asked, ports: remedyPorts({ ...stack.world, restartDocuments }) };
}

describe('a restart over SSM', () => {
  it('runs the document for the worker’s unit alone, and reads how it went', async () => {
    const { ports, asked } = overSsm('crawlwatch restart 1\nend ok sidekiq.service was restarted and is active\n');
    expect(await ports.execute('restart-worker', ONE, seenBy('ssm'))).toEqual({
      ok: true,
      text: 'sidekiq.service was restarted and is active',
    });
    expect(asked).toEqual([['sidekiq.service']]);
  });

  it('of sshd goes over SSM whatever way the host was looked at, and names no unit', async () => {
    const { ports, asked } = overSsm('crawlwatch restart 1\nend failed its configuration is not good\n');
    expect(await ports.execute('restart-sshd', ONE, seenBy('ssh'))).toEqual({
      ok: false,
      text: 'its configuration is not good',
    });
    expect(asked).toEqual([[]]);
  });

  it('fails where the stack has no such document, and where the host is stopped', async () => {
    const ports = remedyPorts(new RemedyStack(1).world);
    expect(await ports.execute('restart-sshd', ONE, seenBy('ssh'))).toEqual({
      ok: false,
      text: 'there is no way to restart it over SSM in this stack',
    });
    const stopped = { ...ONE, state: 'stopped' };
    expect(await ports.execute('restart-worker', stopped, seenBy('ssh'))).toMatchObject({ ok: false });
  });
});

describe('a reboot', () => {
  it('has failed where EC2 said no, and is not known where it said nothing', async () => {
    const stack = new RemedyStack(1);
    const ports = remedyPorts(stack.world);
    const reboot = () => ports.execute('reboot', ONE, seenBy('ssh'));
    stack.fleet.aws.fail(RebootInstancesCommand, 'IncorrectInstanceState');
    expect(await reboot()).toEqual({ ok: false, text: 'EC2: IncorrectInstanceState: as ordered' });
    for (const error of [new Error('socket hang up'), 'InternalError', 'RequestTimeout']) {
      stack.fleet.aws.fail(RebootInstancesCommand, error);
      expect(await reboot()).toMatchObject({ ok: null });
    }
    expect(stack.rebooted).toEqual([]);
    expect(await reboot()).toEqual({ ok: true, text: 'EC2 has queued the reboot' });
    expect(stack.rebooted).toEqual([ID]);
  });
});

describe('a tag', () => {
  it('that could not be written is a failure', async () => {
    const stack = new RemedyStack(1);
    stack.fleet.aws.denied.add(ID);
    const ports = remedyPorts(stack.world);
    await expect(ports.tagActed(ID, 'reboot@2026-11-22T08:00:00Z')).rejects.toThrow('not authorized');
    await expect(ports.removeFlag(ID)).rejects.toThrow('not authorized');
  });
});
