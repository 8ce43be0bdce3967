import { describe, expect, it } from 'vitest';
import type { FailureReason, Reply } from '../../../lambda/model/index.ts';
import { readReply } from '../../../lambda/probe/read-reply.ts';
import { parseSettings } from '../../../lambda/settings/index.ts';
import { report } from '../../support/probe-report.ts';
import { sshInstance } from '../../support/probe-run.ts';

const SETTINGS = parseSettings();
const HOST = sshInstance('10.0.0.1', 2222);
const MEM = 'mem MemTotal=1000000 MemFree=1000 MemAvailable=330000';
const WHOLE = report(MEM);
const BEGUN = `crawlwatch 1\n${MEM}\n`;
const EC2_ROOT = 'Please login as the user "ec2-user" rather than the user "root".\n';
const NOLOGIN = 'This account is currently not available.\n';
const MOTD = 'Welcome to crawler7\n';

const read = (reply: Reply) => readReply(reply, HOST, SETTINGS);
const output = (text: string, more: { readonly errors?: string; readonly exitStatus?: number } = {}): Reply => ({
  kind: 'output',
  output: text,
  ...more,
});
const failed = (reason: FailureReason, text: string, errors?: string): Reply => ({
  kind: 'failed',
  reason,
  text: '10.0.0.1:2222 did not end.',
  output: text,
  ...(errors !== undefined && { errors }),
});

/** Who ends it, what the host had said, and what that is. */
const TABLE: readonly [what: string, reply: Reply, outcome: FailureReason | 'vitals', says: RegExp][] = [
  // The command ended and no report had begun.
  ['ended with words of a known kind', output(NOLOGIN, { exitStatus: 1 }), 'ExecRefused', /not available\.".*status 1/],
  ['ended with words of its own', output('usage: serve', { exitStatus: 2 }), 'ExecRefused', /"usage: serve".*status 2/],
  ['ended well with words of its own', output('up 3 days', { exitStatus: 0 }), 'ExecRefused', /"up 3 days".*status 0/],
  ['ended without a word', output('', { exitStatus: 1 }), 'ExecRefused', /printed nothing and ended with status 1/],
  ['ended well without a word', output('', { exitStatus: 0 }), 'ExecRefused', /printed nothing.*status 0/],
  ['echoed the script', output('#!/bin/sh\nsay 1\n', { exitStatus: 0 }), 'ExecRefused', /"#!\/bin\/sh say 1"/],
  [
    'ended after a notice, and said why on the error stream',
    output(MOTD, { errors: 'bash: sh: command not found\n', exitStatus: 127 }),
    'ExecRefused',
    /it says "bash: sh: command not found Welcome to crawler7"/,
  ],
  // The same with the signs of a host that has no room left: never merely refused.
  ['could not fork', output("sh: can't fork\n", { exitStatus: 2 }), 'ForkFailed', /no process/],
  [
    'could not fork after a notice',
    output(MOTD, { errors: 'bash: fork: retry: x', exitStatus: 254 }),
    'ForkFailed',
    /./,
  ],
  ['was killed without a word', output('', { exitStatus: 137 }), 'ConnectionLost', /10\.0\.0\.1:2222 was killed/],
  ['was killed after a notice', output(MOTD, { errors: 'Killed\n', exitStatus: 137 }), 'ConnectionLost', /was killed/],
  ['was killed in its report', output(BEGUN, { exitStatus: 137 }), 'ConnectionLost', /was killed/],
  // A report had begun: the host's shell is well, and words don't matter.
  ['reported', output(WHOLE, { exitStatus: 0 }), 'vitals', /^$/],
  ['reported with an odd status', output(WHOLE, { exitStatus: 1 }), 'vitals', /^$/],
  [
    'reported among words of a known kind',
    output(EC2_ROOT + WHOLE, { errors: NOLOGIN, exitStatus: 0 }),
    'vitals',
    /^$/,
  ],
  ['reported a part', output(BEGUN, { exitStatus: 0 }), 'Unparsable', /cut after .*; it begins "crawlwatch 1 mem /],
  // No exit status: a flood, or a way that has none.
  ['flooded', output('y'.repeat(65_536)), 'Unparsable', /no report of the probe; it begins "y{117}\.\.\."\.$/],
  ['sent nothing at all', output(''), 'Unparsable', /^The host sent nothing\.$/],
  // The deadline fell.
  ['was silent to the deadline', failed('CommandTimeout', ''), 'CommandTimeout', /^10\.0\.0\.1:2222 did not end\.$/],
  [
    'had printed its motd and hung',
    failed('CommandTimeout', MOTD),
    'CommandTimeout',
    /did not end; it had said "Welcome to crawler7"\.$/,
  ],
  ['had begun to report and hung', failed('CommandTimeout', BEGUN), 'CommandTimeout', /did not end\.$/],
  ['had refused and slept', failed('CommandTimeout', EC2_ROOT), 'ExecRefused', /"Please login as .*-u ec2-user/],
  ['had refused on the error stream and slept', failed('CommandTimeout', MOTD, NOLOGIN), 'ExecRefused', /usermod/],
  ['had begun to report among such words', failed('CommandTimeout', EC2_ROOT + BEGUN), 'CommandTimeout', /not end\.$/],
  // The connection ended without an exit status.
  ['lost the connection', failed('ConnectionLost', ''), 'ConnectionLost', /did not end\.$/],
  ['lost it after its motd', failed('ConnectionLost', MOTD), 'ConnectionLost', /had said "Welcome/],
  ['closed it after words of a known kind', failed('ConnectionLost', NOLOGIN), 'ExecRefused', /usermod/],
  ['could not fork at all', failed('ForkFailed', MOTD), 'ForkFailed', /did not end\.$/],
  // Before a command ran, the transport itself has the words.
  ['refused the login', failed('AuthenticationFailed', '', NOLOGIN), 'AuthenticationFailed', /did not end\.$/],
];

describe('a host that', () => {
  it.each(TABLE)('%s', (_what, reply, expected, says) => {
    const outcome = read(reply);
    expect(outcome.kind === 'failed' ? outcome.reason : outcome.kind).toBe(expected);
    expect(outcome.kind === 'failed' ? outcome.text : '').toMatch(says);
  });

  it('has no address is called by its name', () => {
    const outcome = readReply(output('', { exitStatus: 1 }), { ...HOST, address: null }, SETTINGS);
    expect(outcome).toMatchObject({ text: expect.stringMatching(/^crawler accepted the login/) });
  });
});
