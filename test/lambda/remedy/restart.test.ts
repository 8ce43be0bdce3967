import { describe, expect, it } from 'vitest';
import { type FailureReason, type Reply, UNIT_PATTERN } from '../../../lambda/model/index.ts';
import {
  parseRestart,
  RESTART_SCRIPTS,
  readRestart,
  ssmRestartSshdDocument,
  ssmRestartWorkerDocument,
} from '../../../lambda/remedy/restart/restart.ts';

const failed = (reason: FailureReason, output = ''): Reply => ({ kind: 'failed', reason, text: 'So it was.', output });

describe('what a restart script printed', () => {
  it.each([
    ['nothing', '', 'the host said nothing of a restart'],
    ['a login banner', 'Welcome!\nend ok not ours\n', 'the host said nothing of a restart'],
    ['another version', 'crawlwatch restart 2\nend ok x\n', 'the host said nothing of a restart'],
    ['no end', 'crawlwatch restart 1\n', 'the answer was cut off'],
    ['an end without a word', 'crawlwatch restart 1\nend\n', 'the answer was cut off'],
    ['an end of neither kind', 'crawlwatch restart 1\nend fine really\n', 'the answer was cut off'],
    [
      'a shell that ended amid it',
      'crawlwatch restart 1\nend failed it is not known whether it was restarted: no process\n',
      'it is not known whether it was restarted: no process',
    ],
  ])('leaves open whether anything was restarted where it is %s', (_, output, text) => {
    expect(parseRestart(output)).toEqual({ ok: null, text });
  });

  it.each([
    ['crawlwatch restart 1\nend failed no such unit\n', { ok: false, text: 'no such unit' }],
    ['crawlwatch restart 1\nend ok it is active\n', { ok: true, text: 'it is active' }],
    ['motd\r\ncrawlwatch restart 1\r\nend ok it is active\r\nbye\r\n', { ok: true, text: 'it is active' }],
  ])('is read: %j', (output, result) => {
    expect(parseRestart(output)).toEqual(result);
  });

  it('shows nothing of the host but printable ASCII in one bounded line', () => {
    const { text } = parseRestart(`crawlwatch restart 1\nend failed \u001b[31m\u202e${'x'.repeat(5000)}\n`);
    expect(text).toMatch(/^[ -~]{300}$/);
  });
});

describe('a restart over the wire', () => {
  it('is not known to have failed where the connection was cut or the time was up', () => {
    for (const reason of ['ConnectionLost', 'CommandTimeout', 'SsmDeliveryTimedOut', 'NotChecked'] as const) {
      expect(readRestart(failed(reason))).toEqual({ ok: null, text: `${reason}: So it was` });
    }
  });

  it('has failed where the host was never reached', () => {
    for (const reason of ['ConnectTimeout', 'AuthenticationFailed', 'SsmNotManaged'] as const) {
      expect(readRestart(failed(reason))).toEqual({ ok: false, text: `${reason}: So it was` });
    }
  });

  it('is not known to have failed once its script had begun, whatever ended it', () => {
    const begun = 'crawlwatch restart 1\n';
    for (const reason of ['ProtocolError', 'SshThrottled', 'ConnectionReset'] as const) {
      expect(readRestart(failed(reason, begun)).ok).toBeNull();
    }
    // What SSM refused to send is marked as unsent; here it refused to say what became of it.
    expect(readRestart(failed('SsmAccessDenied')).ok).toBeNull();
  });

  it('went as the host had said before the connection was lost', () => {
    const output = 'crawlwatch restart 1\nend ok it is active\n';
    expect(readRestart(failed('ConnectionLost', output))).toEqual({ ok: true, text: 'it is active' });
    expect(readRestart({ kind: 'output', output })).toEqual({ ok: true, text: 'it is active' });
  });
});

describe('the documents', () => {
  it('let nothing but one unit be chosen', () => {
    const allowed = new RegExp(UNIT_PATTERN);
    for (const bad of ['', 'a b', 'a;reboot', '$(reboot)', '`id`', "a'b", 'a\nb', 'x'.repeat(256), '{{ x }}']) {
      expect(allowed.test(bad)).toBe(false);
    }
    expect(allowed.test('crawler@eu-1.service')).toBe(true);
    expect(ssmRestartWorkerDocument()).toMatchObject({ parameters: { Units: { allowedPattern: UNIT_PATTERN } } });
    expect(Object.keys((ssmRestartWorkerDocument() as { parameters: object }).parameters)).toEqual(['Units']);
    expect(ssmRestartSshdDocument()).not.toHaveProperty('parameters');
  });

  it('run the very scripts that go over SSH', () => {
    const run = (document: object) =>
      (document as { mainSteps: { inputs: { runCommand: string[] } }[] }).mainSteps[0]!.inputs.runCommand;
    expect(run(ssmRestartWorkerDocument())).toEqual([
      'set -- {{ Units }}',
      ...RESTART_SCRIPTS['restart-worker'].split('\n'),
    ]);
    expect(run(ssmRestartSshdDocument())).toEqual(RESTART_SCRIPTS['restart-sshd'].split('\n'));
  });
});
