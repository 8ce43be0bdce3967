/** The doctor for hosts over SSH, named or of an inventory: what `check` meets on the way to them from this machine. */
import { stat } from 'node:fs/promises';
import type { Instance } from '../../lambda/model/index.ts';
import { probeFleet } from '../../lambda/probe/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { loginMethods } from '../../lambda/ssh/index.ts';
import { opensshWayText } from '../openssh/index.ts';
import type { SourceFlags } from '../sources/index.ts';
import { openSource, sshKeys } from '../sources/index.ts';
import { type CommandIo, QUIET, UsageError } from '../terminal/index.ts';
import { fixForLogin } from './instance-steps.ts';
import { keyProblem, PROBES_MS, sshSteps } from './login-steps.ts';
import { type Diagnosis, failed, ok, type Step } from './step.ts';

export async function diagnoseHosts(flags: SourceFlags, settings: Settings, io: CommandIo): Promise<Diagnosis[]> {
  const source = await openSource(flags, settings, io);
  const instances = (await source.discover()).filter(({ skipped }) => skipped === null);
  if (instances.length === 0) throw new UsageError(source.nothingFound(0));
  // A key that can't be used is named before anything is asked.
  const loginFor = loginMethods({ ...(await sshKeys(flags, io)), none: false });
  const keys = await Promise.all(instances.map((instance) => keyStep(instance, loginFor)));
  const withKey = instances.filter((_, n) => keys[n]?.finding === 'ok');
  const probed = await probeFleet(withKey, { transports: source.transports, log: QUIET }, settings, {
    deadlineMs: PROBES_MS,
    signal: io.signal,
  });
  return instances.map((instance, n) => {
    const key = keys[n];
    const probe = probed.find((one) => one.instance.id === instance.id);
    const steps = probe === undefined ? [] : sshSteps({ ...probe, elsewhere: false, fixFor: fixForLogin });
    const login = instance.transport === 'local' ? steps.slice(-1) : steps;
    return {
      kind: 'host',
      id: instance.id,
      name: instance.name,
      steps: [...(key === undefined ? [] : [key]), ...login],
    };
  });
}

async function keyStep(
  { login, problem, transport }: Instance,
  loginFor: ReturnType<typeof loginMethods>,
): Promise<Step> {
  // What ssh's configuration says, or what this machine lacks for it (bin/sources/ssh-route.ts); else a variable.
  if (problem !== null && / was not asked: /.test(problem.text)) {
    const fix =
      "put that right here, in ssh's configuration or the options of the inventory: until then it is not checked";
    return failed('ssh', problem.text, fix);
  }
  if (problem !== null) return failed('inventory', problem.text, 'correct the variable: until then it is not checked');
  if (transport === 'local') return ok('inventory', 'it is this machine: no login is needed');
  const through = opensshWayText({ login });
  if (through !== null) return ok('key', `those of ssh's own configuration, since this host is asked ${through}`);
  const { privateKeyPath: path } = login;
  const found = await loginFor(login);
  if ('reason' in found) {
    return failed('key', keyProblem(found), 'give --private-key FILE, or load it into ssh-agent: ssh-add FILE');
  }
  const used = path ?? (found.agent === null ? "this account's own" : "this account's own, and ssh-agent's");
  const open = path === null ? false : await isOpenToOthers(path);
  return ok(
    'key',
    `${used}${open ? ' (others on this machine may read it: chmod 600)' : ''}${found
      .troubles()
      .map((problem) => `; ${problem}`)
      .join('')}`,
  );
}

/** OpenSSH's client refuses such a key. */
async function isOpenToOthers(path: string): Promise<boolean> {
  return ((await stat(path).catch(() => null))?.mode ?? 0) % 0o100 !== 0;
}
