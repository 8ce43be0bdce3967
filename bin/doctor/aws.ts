/** The doctor over AWS: the way of the alerts, the watched fleet, and the instances that are named or in trouble. */

import { findFleet, findInstance } from '../../lambda/discover/index.ts';
import { shellWord } from '../../lambda/judge/index.ts';
import { errorCode, plural } from '../../lambda/kit/index.ts';
import type { Instance } from '../../lambda/model/index.ts';
import { ENV } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { settingsFor } from '../settings/index.ts';
import { findTargets } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { type Diagnosis, failed, ok, type Step, stepsOf } from './diagnose.ts';
import { alertSteps } from './diagnose-alerts.ts';
import type { DoctorFlags } from './flags.ts';
import { diagnoseInstances, needsDoctor } from './instances.ts';
import { askAlerts, asked, askStack, type DoctorClients, type Stack } from './stack.ts';

/** Without ids so many at most are looked into: what ails more of them is the same. */
const MOST = 20;

/**
 * The instances that are named; without any the way of the alerts, and those that by their tags can't be checked.
 * @throws UsageError where AWS takes no call at all, or an id names nothing.
 */
export async function diagnoseAws(
  ids: readonly string[],
  world: DoctorClients,
  flags: DoctorFlags,
  io: CommandIo,
): Promise<Diagnosis[]> {
  const stack = await askStack(world, flags.stack);
  const settings = await deployedSettings(stack, flags, io);
  const fleet = await asked('ec2:DescribeInstances', findFleet(world.ec2, world.region, settings));
  const ofStack = (kind: 'alerts' | 'fleet', steps: readonly Step[]) => ({
    kind,
    id: stack.name,
    name: stack.name,
    steps,
  });
  const watched = (steps: (instances: readonly Instance[]) => readonly Step[]) =>
    ofStack('fleet', stepsOf('instances', fleet, steps));
  const questions = { world, stack, settings, flags, io };

  if (ids.length > 0) {
    if (fleet.kind !== 'told') return [watched(() => [])];
    return diagnoseInstances(await named(ids, fleet.value), questions);
  }
  const alerts = ofStack('alerts', alertSteps(await askAlerts(world, stack, settings), settings));
  const ill = fleet.kind === 'told' ? fleet.value.filter((one) => needsDoctor(one)) : [];
  const summary = watched((instances) => [fleetStep(instances.length, ill.length, settings, world)]);
  return [alerts, summary, ...(await diagnoseInstances(ill.slice(0, MOST), questions))];

  async function named(words: readonly string[], instances: readonly Instance[]) {
    const targets = findTargets(words, { instances, region: world.region, settings });
    // One that isn't watched is looked at all the same: that may be all that ails it.
    return Promise.all(
      targets.map(
        ({ id }) =>
          instances.find((one) => one.id === id) ?? found(id, findInstance(world.ec2, id, world.region, settings)),
      ),
    );
  }

  async function found(id: string, work: Promise<Instance>): Promise<Instance> {
    try {
      return await work;
    } catch (error) {
      if (!errorCode(error).startsWith('InvalidInstanceID')) throw error;
      throw new UsageError(`there is no instance ${id} in ${world.region}: check the id, AWS_REGION and AWS_PROFILE`, {
        cause: error,
      });
    }
  }
}

/** What the check runs with, where that can be read; under the flags of this command line. */
async function deployedSettings({ check }: Stack, flags: DoctorFlags, io: CommandIo): Promise<Settings> {
  const deployed = check?.kind === 'told' ? check.value.environment[ENV.settings] : undefined;
  const env = deployed === undefined ? io.env : { ...io.env, [ENV.settings]: deployed };
  return settingsFor(flags, { env, cwd: io.cwd });
}

function fleetStep(count: number, ill: number, { tag }: Settings, { region }: DoctorClients): Step {
  const watched = `${plural(count, 'instance')} tagged ${tag.key}=${tag.value} in ${region}`;
  if (count === 0) {
    const word = shellWord(`Key=${tag.key},Value=${tag.value}`);
    return failed(
      'instances',
      `no instance is tagged ${tag.key}=${tag.value} in ${region}`,
      `aws ec2 create-tags --region ${region} --resources i-... --tags ${word}`,
    );
  }
  if (ill === 0) return ok('instances', `${watched}; all of them answered when they were last checked`);
  const most = ill > MOST ? `; the first ${MOST} of them follow, name others by their ids` : '';
  return ok('instances', `${watched}; of ${ill} the last check could not tell how they are${most}`);
}
