import { expect, it } from 'vitest';
import { type DeployFlags, deploy } from '../../../bin/commands/start/deploy.ts';

async function run(flags: DeployFlags, exitCode: number, signal = new AbortController().signal) {
  const events: string[] = [];
  const io = {
    ...{ stdin: (async function* () {})(), stdout: { write() {} }, env: {}, cwd: '', signal },
    stderr: { write: (text: string) => void events.push(text.trim()) },
  };
  const cdk = async (words: readonly string[]) => {
    events.push(words.join(' '));
    return exitCode;
  };
  expect(await deploy(['-c', 'a=b'], flags, io, cdk)).toBe(exitCode);
  return events;
}

const WAIT = 'crawlwatch: starting the AWS CDK, which may print nothing for half a minute';
const DOCTOR =
  'crawlwatch: the CDK ended with exit code 1; to see what the account or the settings lack: crawlwatch doctor --deploy';

it.each<[string, DeployFlags, number, readonly string[]]>([
  ['names the doctor after a deploy that failed', {}, 1, [WAIT, 'deploy -c a=b', DOCTOR]],
  ['names the doctor after a bootstrap that failed', { bootstrap: true }, 1, [WAIT, 'bootstrap -c a=b', DOCTOR]],
  ['names no doctor after a removal that failed', { destroy: true }, 1, [WAIT, 'destroy -c a=b']],
  ['adds nothing after what worked', { yes: true }, 0, [WAIT, 'deploy --require-approval never -c a=b']],
])('says that it starts the CDK, and %s', async (_, flags, code, events) => {
  expect(await run(flags, code)).toEqual(events);
});

it('adds nothing after Ctrl-C', async () => {
  expect(await run({}, 130, AbortSignal.abort())).toEqual([WAIT, 'deploy -c a=b']);
});
