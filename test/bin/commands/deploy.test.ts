import { expect, it } from 'vitest';
import { type DeployFlags, deploy } from '../../../bin/commands/start/deploy.ts';

async function run(flags: DeployFlags, exitCode: number, { signal = new AbortController().signal, isTTY = true } = {}) {
  const events: string[] = [];
  const io = {
    stdin: Object.assign((async function* () {})(), { isTTY }),
    ...{ stdout: { write() {}, isTTY }, env: {}, cwd: '', signal },
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
const ENDED = 'crawlwatch: the CDK ended with exit code 1';
const DOCTOR = '; to see what the account or the settings lack: crawlwatch doctor --deploy';

it.each<[string, DeployFlags, readonly string[]]>([
  ['the doctor after a deploy', {}, ['deploy -c a=b', `${ENDED}${DOCTOR}`]],
  ['the doctor after a bootstrap', { bootstrap: true }, ['bootstrap -c a=b', `${ENDED}${DOCTOR}`]],
  ['no doctor after a removal', { destroy: true }, ['destroy -c a=b', ENDED]],
])('says that it starts the CDK, and names %s that failed', async (_, flags, events) => {
  expect(await run(flags, 1)).toEqual([WAIT, ...events]);
});

it.each<[string, DeployFlags, string]>([
  ['a deploy', {}, `${ENDED}; if it had no terminal to ask on: crawlwatch deploy --yes${DOCTOR}`],
  ['a removal', { destroy: true }, `${ENDED}; if it had no terminal to ask on: crawlwatch deploy --destroy --yes`],
  ['a bootstrap, which asks nothing', { bootstrap: true }, `${ENDED}${DOCTOR}`],
  ['a deploy that was not to ask', { yes: true }, `${ENDED}${DOCTOR}`],
])('says what to do where %s failed without a terminal', async (_, flags, said) => {
  expect((await run(flags, 1, { isTTY: false })).at(-1)).toBe(said);
});

it.each<[string, DeployFlags, string, readonly RegExp[]]>([
  ['a bootstrap', { bootstrap: true }, 'bootstrap -c a=b', [/^ {2}crawlwatch deploy$/m]],
  [
    'a deploy',
    { yes: true },
    'deploy --require-approval never -c a=b',
    [/^ {2}crawlwatch test-alert /m, /^ {2}aws ec2 create-tags /m, /^ {2}crawlwatch check --aws /m],
  ],
  [
    'a removal',
    { destroy: true, yes: true },
    'destroy --force -c a=b',
    [/^ {2}crawlwatch forget /m, /^ {2}aws ec2 delete-tags .* Key=crawlwatch /m],
  ],
])('says what comes after %s that worked', async (_, flags, words, next) => {
  const events = await run(flags, 0);
  expect(events).toEqual([WAIT, words, expect.stringMatching(/^Next:\n/)]);
  for (const line of next) expect(events[2]).toMatch(line);
});

it('adds nothing after Ctrl-C', async () => {
  expect(await run({}, 130, { signal: AbortSignal.abort() })).toEqual([WAIT, 'deploy -c a=b']);
});
