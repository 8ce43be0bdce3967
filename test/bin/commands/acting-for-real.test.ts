/** The commands that act, against the remedy function's own code over the sandbox: what one sends the other takes. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { act } from '../../../bin/commands/act.ts';
import { unflag } from '../../../bin/commands/flagged.ts';
import { history } from '../../../bin/commands/history.ts';
import { pause, resume } from '../../../bin/commands/pause.ts';
import { plan } from '../../../bin/commands/plan.ts';
import { packedFiles } from '../../../lambda/kit/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { remedy } from '../../../lambda/remedy-handler.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { addReboots, sandboxDynamoDb } from '../../../sandbox/aws-remedy.ts';
import { ActingStack, ID1, ID2, runCommand } from '../../support/acting.ts';
import { HOST_KEY } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

/** It accepts, and says nothing more: sshd can no longer fork. */
let hung: Server;
beforeAll(async () => {
  hung = createServer((socket) => socket.destroy());
  await once(hung.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void hung.close());

const KEY = ssh2.utils.generateKeyPairSync('ed25519');
const FLAGS = { stack: 'CrawlwatchStack', yes: true } as const;

function deployed() {
  const stack = new ActingStack();
  const rebooted = addReboots(stack.aws);
  const silent = () => {};
  const { port } = hung.address() as AddressInfo;
  const tags = { [TAG.ssh]: `port=${port}`, [TAG.hostKey]: HOST_KEY };
  const host = { privateIp: '127.0.0.1', launchedAt: new Date('2026-11-01T00:00:00Z') };
  for (const [id, name, minutes] of [
    [ID1, 'ficrawler9', 40],
    [ID2, 'ficrawler8', 30],
  ] as const) {
    stack.flag(id, name, minutes, tags);
    Object.assign(stack.aws.instances.get(id) ?? {}, host);
  }
  const world = {
    settings: parseSettings({ transport: 'ssh' }),
    region: stack.aws.region,
    clock: { now: () => stack.now },
    log: { info: silent, warn: silent, error: silent },
    ec2: stack.aws.ec2,
    ssm: stack.aws.ssm,
    cloudWatch: stack.aws.cloudwatch,
    files: packedFiles(stack.aws.s3, stack.aws.bucket.name),
    probeDocument: null,
    privateKey: async () => KEY.private,
    once: { ec2: stack.aws.ec2, ssm: stack.aws.ssm },
    sns: async () => stack.aws.sns,
    topicArn: stack.aws.topic.arn,
    dynamoDb: sandboxDynamoDb({ name: 'table', items: new Map() }),
    table: 'table',
    restartDocuments: null,
  };
  stack.answers((request) => remedy(request, world));
  return { stack, rebooted };
}

describe('a person at the terminal and the remedy function', () => {
  it('pause all acts, say so to a person who asks for one, and resume', async () => {
    const { stack, rebooted } = deployed();
    const paused = await runCommand((io) => pause({ ...FLAGS, why: 'moving', for: '2h' }, io, stack.ports));
    expect(paused.stdout).toMatch(/^CrawlwatchStack: paused: .*until 10:15 UTC.*; end it: crawlwatch resume\n$/);
    const held = await runCommand((io) => act('reboot', ['ficrawler9'], FLAGS, io, stack.ports));
    expect(held.stdout).toMatch(
      /^ficrawler9 \(i-\w+\): reboot: held back \(paused\): .* by \S+@\S+ since 08:15 UTC.*moving\n$/,
    );
    expect((await runCommand((io) => plan({ ...FLAGS, output: 'table' }, io, stack.ports))).stdout).toMatch(
      /^PAUSED by /,
    );
    const dry = await runCommand((io) => resume({ ...FLAGS, dryRun: true }, io, stack.ports));
    expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(': dry run: ') });
    await runCommand((io) => resume(FLAGS, io, stack.ports));
    const shown = await runCommand((io) => plan({ ...FLAGS, output: 'table' }, io, stack.ports));
    expect(shown.stdout).toMatch(
      /^ficrawler9 \(i-\w+\): reboot: held back \(off\): .*\nficrawler8 \(i-\w+\): reboot: held back \(off\): /,
    );
    expect({ exit: [paused, held, shown].map((one) => one.exitCode), rebooted }).toEqual({
      exit: [0, 1, 0],
      rebooted: [],
    });
  });

  it('rehearse a reboot, make it, follow it until the host is back, and read in its history how it went', async () => {
    const { stack, rebooted } = deployed();
    const dry = await runCommand((io) => act('reboot', [], { ...FLAGS, flagged: true, dryRun: true }, io, stack.ports));
    expect(dry.stdout).toMatch(
      /^ficrawler9 \(i-\w+\): reboot: dry run: would reboot: .*\nficrawler8 \(i-\w+\): reboot: dry run: would reboot: .*\n$/,
    );
    expect({ exitCode: dry.exitCode, rebooted: [...rebooted] }).toEqual({ exitCode: 0, rebooted: [] });

    stack.whileWaiting = (waits) => {
      if (waits !== 3) return;
      stack.aws.instances.get(ID1)!.tags.delete(TAG.flag);
      stack.note(ID1, { [NOTE.seen]: '9f8e7d6c/0', [TAG.status]: 'OK' });
    };
    const made = await runCommand((io) => act('reboot', ['ficrawler9'], FLAGS, io, stack.ports));
    expect(made.stdout).toMatch(
      /^ficrawler9 \(i-\w+\): reboot: done: it carries the flag .*\nficrawler9 .*: came back within 1 min: .*9f8e7d6c\n$/,
    );
    expect({ exitCode: made.exitCode, rebooted: [...rebooted] }).toEqual({ exitCode: 0, rebooted: [ID1] });

    const soon = await runCommand((io) => act('reboot', ['ficrawler8'], FLAGS, io, stack.ports));
    expect(soon.stdout).toMatch(/^ficrawler8 \(i-\w+\): reboot: held back \(spacing\): .*15 minutes apart\n$/);
    expect({ exitCode: soon.exitCode, rebooted: [...rebooted] }).toEqual({ exitCode: 1, rebooted: [ID1] });

    const past = await runCommand((io) => history('ficrawler9', { ...FLAGS, output: 'table' }, io, stack.ports));
    expect(past.stdout).toMatch(/ reboot: begun, asked for by \S+@\S+: .*\n(.*\n)* .* reboot: done, asked for by /);
    const shown = await runCommand((io) => plan({ ...FLAGS, output: 'table' }, io, stack.ports));
    expect(shown.stdout).toMatch(/\n {2}08:15 UTC {2}\S*.*i-0{16}1.*: reboot: worked, asked for by \S+@\S+\n$/);
  });

  it('take a flag away', async () => {
    const { stack } = deployed();
    const { exitCode, stdout } = await runCommand((io) => unflag(['ficrawler8', ID2], FLAGS, io, stack.ports));
    expect(stdout).toMatch(/^ficrawler8 \(i-\w+\): unflag: done: .*\n$/);
    expect({ exitCode, flag: stack.tags(ID2)[TAG.flag] }).toEqual({ exitCode: 0, flag: undefined });
    const again = await runCommand((io) => unflag(['ficrawler8'], FLAGS, io, stack.ports));
    expect(again).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('unflag: not done: it carries no reboot flag'),
    });
  });
});
