/** The doctor over AWS: how alerts reach their readers, the watched fleet, and the instances that are named or failing. */

import { findFleet, findInstance } from '../../lambda/discover/index.ts';
import { shellWord } from '../../lambda/judge/index.ts';
import { errorCode, plural } from '../../lambda/kit/index.ts';
import type { Instance } from '../../lambda/model/index.ts';
import { ENV } from '../../lambda/model/index.ts';
import { parseSettings, type Settings, settingsOf } from '../../lambda/settings/index.ts';
import { type SettingFlags, settingsFor } from '../settings/index.ts';
import type { SourceFlags } from '../sources/index.ts';
import { findTargets } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { alertSteps } from './alert-steps.ts';
import { diagnoseInstances, needsDoctor } from './instances.ts';
import { attempt, type DoctorClients, readAlertFacts, readStack, rememberedBy, type Stack } from './stack.ts';
import { type Diagnosis, failed, ok, type Step, stepsOf } from './step.ts';

/** Without ids at most so many are examined: the rest have the same fault, most likely. */
const MOST = 20;

export interface DoctorFlags extends SourceFlags, SettingFlags {
  readonly stack: string;
  readonly output: 'text' | 'json';
}

/**
 * Diagnoses the instances that are named; without any how alerts travel, and the instances that failed in the last check.
 * @throws UsageError where AWS accepts no call at all, or an id names nothing.
 */
export async function diagnoseAws(
  ids: readonly string[],
  clients: DoctorClients,
  flags: DoctorFlags,
  io: CommandIo,
): Promise<Diagnosis[]> {
  const stack = await readStack(clients, flags.stack);
  const settings = await deployedSettings(stack, flags, io);
  const fleet = await attempt('ec2:DescribeInstances', findFleet(clients.ec2, clients.region, settings));
  const ofStack = (kind: 'alerts' | 'fleet', steps: readonly Step[]) => ({
    kind,
    id: stack.name,
    name: stack.name,
    steps,
  });
  const watched = (steps: (instances: readonly Instance[]) => readonly Step[]) =>
    ofStack('fleet', stepsOf('instances', fleet, steps));
  const context = { clients, stack, settings, flags, io };

  if (ids.length > 0) {
    if (fleet.kind !== 'answered') return [watched(() => [])];
    const { instances, missing } = await rememberedBy(stack, await named(ids, fleet.value), clients);
    const unread = missing.length === 0 ? [] : [ofStack('fleet', missing)];
    return [...unread, ...(await diagnoseInstances(instances, context))];
  }
  const alerts = ofStack('alerts', alertSteps(await readAlertFacts(clients, stack, settings), settings));
  const found = fleet.kind === 'answered' ? fleet.value : [];
  const { instances, missing } = await rememberedBy(stack, found, clients);
  const failing = instances.filter(needsDoctor);
  const summary = watched(() => [
    fleetStep(found.length, failing.length, settings, clients),
    // Where the stack's outputs can't be read, its own step already reports it.
    ...(stack.outputs.kind === 'answered' ? missing : []),
  ]);
  return [alerts, summary, ...(await diagnoseInstances(failing.slice(0, MOST), context))];

  async function named(words: readonly string[], instances: readonly Instance[]) {
    const targets = findTargets(words, { instances, region: clients.region, settings });
    // One that isn't watched is examined too: that may be all that is wrong with it.
    return Promise.all(
      targets.map(
        ({ id }) =>
          instances.find((one) => one.id === id) ??
          described(id, findInstance(clients.ec2, id, clients.region, settings)),
      ),
    );
  }

  async function described(id: string, work: Promise<Instance>): Promise<Instance> {
    try {
      return await work;
    } catch (error) {
      if (!errorCode(error).startsWith('InvalidInstanceID')) throw error;
      throw new UsageError(
        `there is no instance ${id} in ${clients.region}: check the id, AWS_REGION and AWS_PROFILE`,
        {
          cause: error,
        },
      );
    }
  }
}

/** The settings of the deployed check, where they can be read, overridden by this command's flags. */
async function deployedSettings({ check }: Stack, flags: DoctorFlags, io: CommandIo): Promise<Settings> {
  const deployed = check?.kind === 'answered' ? check.value.environment[ENV.settings] : undefined;
  // With its defaults, which its environment leaves out: ./cdk.json must not fill them in.
  const whole = deployed && JSON.stringify(parseSettings(settingsOf({ [ENV.settings]: deployed })));
  const env = whole === undefined ? io.env : { ...io.env, [ENV.settings]: whole };
  return settingsFor(flags, { env, cwd: io.cwd });
}

function fleetStep(count: number, failing: number, { tag }: Settings, { region }: DoctorClients): Step {
  const watched = `${plural(count, 'instance')} tagged ${tag.key}=${tag.value} in ${region}`;
  if (count === 0) {
    const word = shellWord(`Key=${tag.key},Value=${tag.value}`);
    return failed(
      'instances',
      `no instance is tagged ${tag.key}=${tag.value} in ${region}`,
      `aws ec2 create-tags --region ${region} --resources i-... --tags ${word}`,
    );
  }
  if (failing === 0) return ok('instances', `${watched}; all of them answered when they were last checked`);
  const most = failing > MOST ? `; the first ${MOST} follow, name others by their ids` : '';
  return ok('instances', `${watched}; ${failing} of them could not be judged by their last check${most}`);
}
