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

const DISK_FULL = 'A disk of the host is full, most likely its root: make room there, or grow its volume. ';
const READ_ONLY =
  'A file system of the host is mounted read-only, most likely its root, as after an I/O error: see its kernel log and its volume. ';
const CANNOT_WRITE = "The agent can't write on the host, whose root is most likely full or read-only. ";

/** As amazon-ssm-agent words them: agent/plugins/runscript/runscript.go, agent/executers/executers.go. */
const START = 'failed to run commands: fork/exec /usr/bin/sh: ';

describe('ssmTransport: what an agent says in place of a report', () => {
  const replyTo = async (said: string) => {
    const { aws, probe } = ssmSandbox();
    aws.manage('i-0', async () => ({ status: 'Failed', output: `\n----------ERROR-------\n${said}` }));
    return (await probe(ssmFleet(1))).get('i-0')?.reply;
  };

  it.each([
    [`${START}permission denied`, ''],
    [`${START}exec format error`, ''],
    [`${START}no such file or directory`, ''],
    [`${START}text file busy`, ''],
    [`${START}argument list too long`, ''],
    [`${START}too many open files`, ''],
    [`${START}input/output error`, ''],
    [`${START}no space left on device`, DISK_FULL],
    [`${START}read-only file system`, READ_ONLY],
    ['failed to run commands: exec: "sh": executable file not found in $PATH', ''],
    ['failed to run commands: pipe2: too many open files', ''],
    ['mkdir /var/lib/amazon/ssm/i-0: no space left on device', DISK_FULL],
    ['failed to create orchestrationDir: mkdir /var/lib/amazon/ssm/i-0: no space left on device', DISK_FULL],
    ['failed to create script file. open /var/lib/amazon/ssm/i-0/_script.sh: read-only file system', READ_ONLY],
    ['failed to create orchestrationDir directory, /var/lib/amazon/ssm/i-0', CANNOT_WRITE],
    ['Plugin with name aws:runShellScript not found. Step name: aws:runShellScript', CANNOT_WRITE],
    ['filewatcher listener encountered error when add watch: no space left on device', ''],
    ['failed to run commands: exit status 126', ''],
  ])('%j is inconclusive, and quoted', async (said, means) => {
    const text = `${means}The SSM agent answered, but could not run the probe: ${said}`;
    expect(await replyTo(said)).toEqual({ kind: 'failed', reason: 'ExecRefused', text });
  });

  it.each([
    `${START}cannot allocate memory`,
    `${START}resource temporarily unavailable`,
    '/var/lib/amazon/ssm/i-0/_script.sh: 12: Cannot fork',
    "sh: can't fork: Resource temporarily unavailable",
    'bash: fork: retry: Resource temporarily unavailable',
    'runtime/cgo: pthread_create failed: Resource temporarily unavailable',
  ])('%j is a host that can start no process, and quoted', async (said) => {
    const text = `The SSM agent answered, but the host could start no process: ${said}`;
    expect(await replyTo(said)).toEqual({ kind: 'failed', reason: 'ForkFailed', text });
  });

  it.each([
    ['exit\x1b[31m status 126', 'exit [31m status 126'],
    ['x'.repeat(2_000), 'x'.repeat(200)],
  ])('quotes %j as printable text of at most 200 characters', async (said, quoted) => {
    const text = `The SSM agent answered, but could not run the probe: ${quoted}`;
    expect(await replyTo(said)).toEqual({ kind: 'failed', reason: 'ExecRefused', text });
  });
});

describe('ssmTransport: a document that was deployed with another version', () => {
  const replyTo = async (output: string) => {
    const { aws, probe } = ssmSandbox();
    aws.manage('i-0', async () => output);
    return (await probe(ssmFleet(1))).get('i-0')?.reply;
  };

  it.each([
    ['an older one', 'crawlwatch 0\nmem 1\nend 20\n', '0'],
    ['a newer one', 'crawlwatch 2\r\nmem Total=1\r\nend 28\r\n', '2'],
    ['one behind a banner', 'Welcome to web1\ncrawlwatch 17\nend 14', '17'],
  ])('names both versions of %s, and what to deploy', async (_, output, version) => {
    expect(await replyTo(output)).toEqual({
      kind: 'failed',
      reason: 'Unparsable',
      text: `The probe's document reports in version ${version}, and this program reads version 1: deploy the stack again with this version of crawlwatch (crawlwatch deploy), and accounts/crawlwatch-member.yaml where another Region or account is watched.`,
    });
  });

  it.each([
    ['a report of this version', 'crawlwatch 1\nend 13'],
    ['one of this version behind words that look like another', 'crawlwatch 3\ncrawlwatch 1\nend 13'],
    ['a restart', 'crawlwatch restart 1\nend'],
    ['words', 'crawlwatch 1.5 is out\n'],
  ])('leaves %s to its reader', async (_, output) => {
    expect(await replyTo(output)).toEqual({ kind: 'output', output });
  });
});

it('ssmTransport: runs the newest version of the document, not the default one', async () => {
  const { aws, probe } = ssmSandbox();
  aws.manage('i-0', async () => 'fine');
  const sent: unknown[] = [];
  const send = aws.ssm.send.bind(aws.ssm);
  aws.ssm.send = (async (command: { input: object }, ...rest: []) => {
    sent.push(command.input);
    return send(command as never, ...rest);
  }) as typeof aws.ssm.send;
  await probe(ssmFleet(1));
  expect(sent).toContainEqual(expect.objectContaining({ DocumentName: aws.documentName, DocumentVersion: '$LATEST' }));
});
