import { RebootInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { encodeState } from '../../../lambda/memory/schema.ts';
import type { FleetState, FreshCheck, Transport } from '../../../lambda/model/index.ts';
import { EMPTY_STATE, STATE_KEY, TAG } from '../../../lambda/model/index.ts';
import { remedyPorts } from '../../../lambda/wiring/remedy.ts';
import { instance } from '../../support/fleet.ts';
import { ID, OTHER, RemedyStack } from '../../support/remedy-stack.ts';

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
    expect(await reboot()).toEqual({ ok: false, undone: 'refused', text: 'EC2: IncorrectInstanceState: as ordered' });
    for (const error of [new Error('socket hang up'), 'InternalError', 'RequestTimeout']) {
      stack.fleet.aws.fail(RebootInstancesCommand, error);
      expect(await reboot()).toMatchObject({ ok: null });
    }
    expect(stack.rebooted).toEqual([]);
    expect(await reboot()).toEqual({ ok: true, text: 'EC2 has queued the reboot' });
    expect(stack.rebooted).toEqual([ID]);
  });
});

const ACTED = { what: 'reboot', at: new Date('2026-11-22T08:00:00Z') };

describe('an act', () => {
  it('is remembered for the checks, and shown in a tag', async () => {
    const stack = new RemedyStack(2).flag(1).flag(2);
    const before = stack.fleet.state;
    await remedyPorts(stack.world).noteActed(ID, ACTED);
    expect(stack.fleet.remembered(1)).toEqual({ ...before.instances.get(ID), acted: ACTED });
    expect(stack.fleet.remembered(2)).toEqual(before.instances.get(OTHER));
    expect(stack.fleet.tags(1)[TAG.acted]).toBe('reboot@2026-11-22T08:00:00Z');
  });

  it('is noted beside what a check writes at the same moment', async () => {
    const stack = new RemedyStack(1).flag(1);
    const { files } = stack.fleet;
    files.fault = async ({ number }, effect) => {
      if (number === 2) stack.fleet.remember(1, { failures: 7 });
      return effect();
    };
    await remedyPorts(stack.world).noteActed(ID, ACTED);
    expect(stack.fleet.remembered(1)).toMatchObject({ acted: ACTED, failures: 7 });
  });
});

describe('a flag', () => {
  it('is forgotten together with its tag, and the host has to hang again for as long', async () => {
    const stack = new RemedyStack(1).flag(1);
    await remedyPorts(stack.world).removeFlag(ID);
    expect(stack.fleet.remembered(1)).toMatchObject({ flag: null, failures: 0, failingSince: null });
    expect(stack.fleet.tags(1)).not.toHaveProperty(TAG.flag);
  });
});

describe('whether flagging was suppressed', () => {
  const suppressed = (state: Partial<FleetState>) => {
    const stack = new RemedyStack(1);
    stack.fleet.files.replace(STATE_KEY, encodeState({ ...EMPTY_STATE, at: stack.fleet.now, ...state }));
    return remedyPorts(stack.world).wasSuppressed();
  };

  it.each([true, false])('is what the last check left behind: %j', async (is) => {
    expect(await suppressed({ breaker: { suppressed: is, mailed: false } })).toBe(is);
  });

  it('is not known where no check has written, where the last one is long over, and where its state is damaged', async () => {
    expect(await suppressed({ at: null })).toBeNull();
    expect(await suppressed({ at: new Date('2026-11-22T07:44:00Z') })).toBeNull();
    expect(await suppressed({ at: new Date('2026-11-22T07:45:00Z') })).toBe(false);
    const stack = new RemedyStack(1);
    expect(await remedyPorts(stack.world).wasSuppressed()).toBeNull();
    stack.fleet.files.replace(STATE_KEY, 'rubbish');
    expect(await remedyPorts(stack.world).wasSuppressed()).toBeNull();
  });
});

describe('what could not be written', () => {
  it('is a failure where it is a tag', async () => {
    const stack = new RemedyStack(1).flag(1);
    stack.fleet.aws.denied.add(ID);
    const ports = remedyPorts(stack.world);
    await expect(ports.noteActed(ID, ACTED)).rejects.toThrow('not authorized');
    await expect(ports.removeFlag(ID)).rejects.toThrow('not authorized');
  });

  it('is a failure where it is the state, which then shows no tag either', async () => {
    const stack = new RemedyStack(1).flag(1);
    stack.fleet.files.fail(new Error('503'), 2, 'put');
    const ports = remedyPorts(stack.world);
    await expect(ports.noteActed(ID, ACTED)).rejects.toThrow('state.json.gz could not be written: Error: 503');
    await expect(ports.removeFlag(ID)).rejects.toThrow('state.json.gz could not be written: Error: 503');
    expect(stack.fleet.tags(1)).toHaveProperty(TAG.flag);
    expect(stack.fleet.tags(1)).not.toHaveProperty(TAG.acted);
  });
});
