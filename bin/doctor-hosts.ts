/** The doctor for hosts of an inventory, or named: what `check` would meet on the way to them, from this machine. */
import { stat } from 'node:fs/promises';
import { type Diagnosis, failed, ok, type Step } from '../lambda/core/diagnose.ts';
import { mendsLogin } from '../lambda/core/diagnose-instance.ts';
import { sshSteps } from '../lambda/core/diagnose-login.ts';
import { selectInstances } from '../lambda/core/select-instances.ts';
import { loginMethods } from '../lambda/io/ssh-keys.ts';
import type { Instance } from '../lambda/model.ts';
import { probeFleet } from '../lambda/probe-fleet.ts';
import type { Settings } from '../lambda/settings.ts';
import { type CommandIo, QUIET } from './command-io.ts';
import { PROBES_MS, whyUnusable } from './doctor-login.ts';
import { UsageError } from './errors.ts';
import { openSource, type SourceFlags } from './sources.ts';
import { sshKeys } from './ssh-access.ts';

export async function diagnoseHosts(flags: SourceFlags, settings: Settings, io: CommandIo): Promise<Diagnosis[]> {
  const source = await openSource(flags, settings, io);
  const { instances } = selectInstances(await source.discover(), source.source, settings);
  if (instances.length === 0) throw new UsageError(source.nothingFound(0));
  const loginFor = loginMethods(await sshKeys(flags, io));
  const keys = await Promise.all(instances.map((instance) => keyStep(instance, loginFor)));
  const able = instances.filter((_, n) => keys[n]?.finding === 'ok');
  const probed = await probeFleet(able, { transports: source.transports, log: QUIET }, settings, {
    deadlineMs: PROBES_MS,
    signal: io.signal,
  });
  return instances.map((instance, n) => {
    const key = keys[n];
    const probe = probed.find((one) => one.instance.id === instance.id);
    const login = probe === undefined ? [] : sshSteps({ ...probe, elsewhere: false, fixFor: mendsLogin });
    return {
      kind: 'host',
      id: instance.id,
      name: instance.name,
      steps: [...(key === undefined ? [] : [key]), ...login],
    };
  });
}

async function keyStep({ login }: Instance, loginFor: ReturnType<typeof loginMethods>): Promise<Step> {
  const { privateKeyPath: path } = login;
  const found = await loginFor(login);
  if ('reason' in found) {
    return failed('key', whyUnusable(found), 'give --private-key FILE, or load it into ssh-agent: ssh-add FILE');
  }
  const used = path ?? (found.agent === null ? "this account's own" : "this account's own, and ssh-agent's");
  const open = path === null ? false : await isOpenToOthers(path);
  return ok(
    'key',
    `${used}${open ? ' (others on this machine may read it: chmod 600)' : ''}${found.troubles.map((trouble) => `; ${trouble}`).join('')}`,
  );
}

/** OpenSSH's own client refuses such a key. */
async function isOpenToOthers(path: string): Promise<boolean> {
  return ((await stat(path).catch(() => null))?.mode ?? 0) % 0o100 !== 0;
}
