/** The doctor over AWS: how alerts reach their readers, the watched fleet, and the instances that are named or failing. */

import { findFleet, findInstance } from '../../lambda/discover/index.ts';
import { errorCode, plural, shellWord } from '../../lambda/kit/index.ts';
import type { Instance } from '../../lambda/model/index.ts';
import { ENV } from '../../lambda/model/index.ts';
import { parseSettings, type Settings, settingsOf } from '../../lambda/settings/index.ts';
import { type SettingFlags, settingsFor } from '../settings/index.ts';
import type { SourceFlags } from '../sources/index.ts';
import { findTargets } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { alertSteps, stackSteps } from './alert-steps.ts';
import { emulatorOf, emulatorStep, onEmulator } from './emulator.ts';
import { ifChecked } from './instance-steps.ts';
import { diagnoseInstances, needsDoctor } from './instances.ts';
import { attempt, type DoctorClients, readAlertFacts, readStack, rememberedBy, type Stack } from './stack.ts';
import { type Diagnosis, failed, ok, type Step, stepsOf, unknown } from './step.ts';

/** Without ids at most so many are examined: the rest have the same fault, most likely. */
const MOST = 20;

export interface DoctorFlags extends SourceFlags, SettingFlags {
  readonly stack: string;
  readonly deploy?: boolean;
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
  const ofStack = (kind: 'place' | 'alerts' | 'fleet', steps: readonly Step[]) => ({
    kind,
    id: stack.name,
    name: stack.name,
    steps,
  });
  const watched = (steps: (instances: readonly Instance[]) => readonly Step[]) =>
    ofStack('fleet', stepsOf('instances', fleet, steps));
  const context = { clients, stack, settings, flags, io };
  const emulator = emulatorOf(io.env);
  const answers = (diagnoses: readonly Diagnosis[]): Diagnosis[] => [
    ...(emulator === null ? [] : [ofStack('place', [emulatorStep(emulator)])]),
    ...diagnoses.map((one) => ({ ...one, steps: onEmulator(emulator, one.steps) })),
  ];
  const place = { stack: stack.name, region: clients.region, outputs: stack.outputs, status: stack.status };
  const isThere = stack.outputs.kind !== 'answered' || stack.outputs.value?.AlertsTopicArn !== undefined;

  if (ids.length > 0) {
    // Without a stack no check has looked at any of them: what follows is of this machine alone.
    const absent = isThere ? [] : [ofStack('alerts', stackSteps(place))];
    if (fleet.kind !== 'answered') return answers([...absent, watched(() => [])]);
    const { instances, missing } = await rememberedBy(stack, await named(ids, fleet.value), clients);
    const unread = missing.length === 0 ? [] : [ofStack('fleet', missing)];
    return answers([...absent, ...unread, ...(await diagnoseInstances(instances, context))]);
  }
  const alerts = ofStack('alerts', alertSteps(await readAlertFacts(clients, stack, settings), settings));
  const found = fleet.kind === 'answered' ? fleet.value : [];
  const { instances, missing } = await rememberedBy(stack, found, clients);
  // Nothing is wrong with an instance that nothing has checked.
  const failing = isThere ? instances.filter(needsDoctor) : [];
  const summary = watched(() => [
    fleetStep(instances, {
      failing: failing.length,
      isRead: missing.length === 0,
      isThere,
      settings,
      region: clients.region,
    }),
    // Where the stack's outputs can't be read, its own step already reports it.
    ...(stack.outputs.kind === 'answered' ? missing : []),
  ]);
  return answers([alerts, summary, ...(await diagnoseInstances(failing.slice(0, MOST), context))]);

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

interface Seen {
  /** How many need a look of their own. */
  readonly failing: number;
  /** Whether what the checks remember could be read. */
  readonly isRead: boolean;
  /** Whether there is a stack that checks them. */
  readonly isThere: boolean;
  readonly settings: Settings;
  readonly region: string;
}

/** How many there are, and what the last check made of them: those that it never looked at are not well. */
function fleetStep(instances: readonly Instance[], { failing, isRead, isThere, settings, region }: Seen): Step {
  const { tag, schedule } = settings;
  const watched = `${plural(instances.length, 'instance')} tagged ${tag.key}=${tag.value} in ${region}`;
  if (instances.length === 0) {
    const word = shellWord(`Key=${tag.key},Value=${tag.value}`);
    return failed(
      'instances',
      `no instance is tagged ${tag.key}=${tag.value} in ${region}`,
      `aws ec2 create-tags --region ${region} --resources i-... --tags ${word}`,
    );
  }
  const checked = instances.flatMap((one) => ifChecked(one) ?? []);
  const isUnseen = ({ remembered, problem }: Instance) => remembered.status === null && problem === null;
  const never = checked.filter(isUnseen).length;
  const unjudged = checked.filter((one) => needsDoctor(one) && !isUnseen(one)).length;
  const skipped = instances.length - checked.length;
  if (!isThere) return unknown('instances', `${watched}, and no stack that checks them`);
  const answered = checked.length - never - unjudged;
  const counts = [
    ...(answered > 0 ? [`${answered} answered when last checked`] : []),
    ...(unjudged > 0 ? [`${unjudged} could not be judged by the last check`] : []),
    ...(never > 0 ? [isRead ? `${never} not checked yet` : `${never} without a result that can be read`] : []),
    ...(skipped > 0 ? [`${skipped} skipped (${reasonsOf(instances)})`] : []),
  ];
  const most = failing > MOST ? `; the first ${MOST} follow, name others by their ids` : '';
  const text = `${watched}: ${counts.join(', ')}${most}`;
  if (answered + unjudged > 0) return ok('instances', text);
  return never > 0
    ? unknown('instances', text, `wait for the next check: one is due every ${schedule.everyMinutes} min`)
    : failed('instances', text, 'start one, or tag others: as it is no host is checked');
}

/** Why some are skipped, each reason once. */
function reasonsOf(instances: readonly Instance[]): string {
  const reasons = [...new Set(instances.flatMap(({ skipped }) => skipped ?? []))];
  const shown = reasons.slice(0, 3).join('; ');
  return reasons.length > 3 ? `${shown}; ...` : shown;
}
