/** What a tired person runs next on reading a mail: complete commands, to be pasted. */

import { ADVICE, commandThere, instanceReport } from '../judge/index.ts';
import { shellWord } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import { DEFAULT_STACK_NAME, INSTANCE_ID, type Instance, type ReasonCode, type Remedy } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import type { MailKind } from './plan.ts';

/** One command, after the words that say what it is for: `Then reboot`. */
export interface Step {
  readonly say: string;
  readonly command: string;
  /** It asks crawlwatch's own functions and tables, which know nothing of instances elsewhere. */
  readonly asksHome?: true;
  /** It is about the whole fleet, not one instance. */
  readonly asksAll?: true;
}

export interface StepContext {
  /** The Region of the stack; null: not known. */
  readonly home: string | null;
  readonly settings: Pick<Settings, 'stack'>;
}

/** Begun so that it works where another Region or stack is the usual one. */
export function crawlwatch(command: string, { home, settings: { stack } }: StepContext): string {
  const region = home === null ? '' : `AWS_REGION=${shellWord(home)} `;
  const named = stack === DEFAULT_STACK_NAME ? '' : ` --stack ${shellWord(stack)}`;
  return `${region}crawlwatch ${command}${named}`;
}

interface Host {
  readonly id: string;
  readonly instance: Pick<Instance, 'region' | 'elsewhere'> | null;
}

/** In a mail that holds what anybody may have written, a command is plain text and no link. */
const isSafe = ({ command }: Step): boolean => /^[ -~]+$/.test(command) && !command.includes('://');

/** AWS's own means come first, since they need nothing installed; elsewhere than at home they are all there is. */
function fitting(steps: readonly Step[], { id, instance }: Host): Step[] {
  if (!INSTANCE_ID.test(id)) return [];
  return steps.filter((step) => isSafe(step) && !(step.asksHome === true && instance?.elsewhere === true));
}

const regionOf = ({ instance }: Host, home: string | null): string => {
  const region = instance === null ? home : instance.region;
  return region === null ? '' : ` --region ${shellWord(region)}`;
};

const consoleOutput = (host: Host, home: string | null): string =>
  `aws ec2 get-console-output --latest --instance-id ${shellWord(host.id)}${regionOf(host, home)} --output text`;

export function rebootSteps(host: Host, context: StepContext): Step[] {
  const steps: Step[] = [
    { say: 'First save its console, which a reboot clears', command: consoleOutput(host, context.home) },
    {
      say: 'Then reboot it',
      command: `aws ec2 reboot-instances --instance-ids ${shellWord(host.id)}${regionOf(host, context.home)}`,
    },
    {
      say: 'Or have both done, and wait until it is back',
      command: crawlwatch(`reboot ${shellWord(host.id)}`, context),
      asksHome: true,
    },
  ];
  return fitting(steps, host);
}

/** A reboot did not help. */
export function inVainSteps(host: Host, context: StepContext): Step[] {
  const which = `--instance-ids ${shellWord(host.id)}${regionOf(host, context.home)}`;
  const steps: Step[] = [
    { say: 'What its console says since', command: consoleOutput(host, context.home) },
    {
      say: 'Then stop and start it (it loses its instance store and its public address)',
      command: `aws ec2 stop-instances ${which} && aws ec2 wait instance-stopped ${which} && aws ec2 start-instances ${which}`,
    },
    ...historySteps(host, context),
    muteStep(host.id, context),
  ];
  return fitting(steps, host);
}

export const historySteps = (host: Host, context: StepContext): Step[] =>
  fitting(
    [
      {
        say: 'What was done, with the evidence from before',
        command: crawlwatch(`history ${shellWord(host.id)}`, context),
        asksHome: true,
      },
    ],
    host,
  );

export const planStep = (context: StepContext): Step => ({
  say: 'What holds it back now',
  command: crawlwatch('plan', context),
  asksHome: true,
  asksAll: true,
});

const muteStep = (id: string, context: StepContext): Step => ({
  say: 'No mail and no act while you work on it',
  command: crawlwatch(`mute ${shellWord(id)} --for 1d`, context),
  asksHome: true,
});

/** What to run for an entry of this kind. */
export function stepsFor(kind: MailKind, t: Transition, context: StepContext): Step[] {
  const { instance } = t;
  const host = { id: instance.id, instance };
  switch (kind) {
    case 'flagged':
      return rebootSteps(host, context);
    case 'reminder':
      return [...rebootSteps(host, context), ...fitting([muteStep(instance.id, context)], host)];
    case 'escalated':
      return inVainSteps(host, context);
    case 'held':
      return fitting(
        [
          {
            say: "EC2's own checks of it",
            command: `aws ec2 describe-instance-status --instance-ids ${shellWord(instance.id)}${regionOf(host, context.home)}`,
          },
          checkAgain('Ask the fleet once more, which changes nothing', context),
        ],
        host,
      );
    case 'measured':
      return fitting(byHand(t, context), host);
    case 'inconclusive':
      return fitting([checkAgain('After the fix', context)], host);
    case 'recovered':
      // One trouble is over; the other lasts.
      return t.kind === 'measured' ? fitting(byHand(t, context), host) : [];
    case 'suppressed':
    case 'event':
      return [];
  }
  return kind satisfies never;
}

/** It reads the settings, and needs no stack. */
export const checkAgain = (say: string, { home }: StepContext): Step => ({
  say,
  command: `${home === null ? '' : `AWS_REGION=${shellWord(home)} `}crawlwatch check --aws`,
  asksAll: true,
});

/** What a restart is called, and what else is to be looked at. */
const ON_THE_HOST: Readonly<Partial<Record<Transition['assessment']['recommendation'], string>>> = {
  'restart-worker': 'Restart the worker',
  'restart-sshd': 'Restart sshd',
};

function byHand(t: Transition, context: StepContext): Step[] {
  const { instance, assessment } = t;
  const there = commandThere(instanceReport(t, true, []));
  const remedy = restartOf(t);
  const own: Step[] =
    remedy === null
      ? []
      : [
          {
            say: 'Or have it done and watched',
            command: crawlwatch(`${remedy} ${shellWord(instance.id)}`, context),
            asksHome: true,
          },
        ];
  return there === null ? own : [...loginSteps(instance, ON_THE_HOST[assessment.recommendation], there), ...own];
}

/** Over SSH in one command; over SSM by a session, which the console and CloudShell have without any plug-in. */
function loginSteps(instance: Instance, say: string | undefined, command: string): Step[] {
  if (instance.transport === 'ssm') {
    const region = instance.region === null ? '' : ` --region ${shellWord(instance.region)}`;
    return [
      { say: 'Log in', command: `aws ssm start-session --target ${shellWord(instance.id)}${region}` },
      { say: say === undefined ? 'Look there' : `${say} there`, command },
    ];
  }
  const { user, port } = instance.login;
  const at = `ssh${port === 22 ? '' : ` -p ${port}`} ${shellWord(`${user}@${instance.address ?? instance.name}`)}`;
  return [{ say: say ?? 'Look', command: `${at} '${command.replaceAll("'", "'\\''")}'` }];
}

/** The restart that crawlwatch itself can make: of a worker only by the unit that the instance's tag names. */
export function restartOf({ assessment: { recommendation }, instance }: Transition): Remedy | null {
  if (recommendation === 'restart-sshd') return recommendation;
  return recommendation === 'restart-worker' && instance.worker !== null ? recommendation : null;
}

/** Where the scheduled check is mended otherwise than the command line. */
const IN_THE_STACK: Readonly<Partial<Record<ReasonCode, string>>> = {
  AuthenticationFailed: "see that ssh.user and the key in ssh.keySecretArn are those of the host's authorized_keys",
  HostKeyMismatch:
    'find out why the host key changed; if the host was rebuilt on purpose, set its tag crawlwatch:host-key to renew and the next check pins the new one',
  ProtocolError:
    'see what listens on that port, it does not speak SSH; another port: the tag crawlwatch:ssh, port=2222',
  HostUnreachable:
    'put right what the reason names, or check the route, the network ACL and the subnets that the check function is in',
  ExecRefused:
    'let that user run sh, as the reason says, or log in as another; over SSM put right what the agent says, on the host by SSH or its serial console',
  SshThrottled: 'raise MaxStartups in sshd_config, or look for who else opens many connections',
  SsmAccessDenied: 'see that the instance carries the watch tag, by which the check function may send it commands',
  NotChecked: "see the errors in the check function's log; if it ran out of time, raise forks or schedule.everyMinutes",
};

/** How to mend what keeps us from checking. */
export const fixFor = (code: ReasonCode): string =>
  IN_THE_STACK[code] ?? ADVICE[code] ?? "see the check function's log";

/** What a person is to do about a measured trouble of this host, to follow `Do:`. */
export function todoFor(code: ReasonCode | undefined, name: string): string {
  switch (code) {
    case 'MemoryExhaustedResponsive':
      return `restart the worker on ${name} now, which may save a reboot`;
    case 'WorkerDown':
      return `restart the worker on ${name}`;
    case 'SshdDown':
      return `restart sshd on ${name}; the rest of it answers`;
    case 'DiskLow':
      return `free space on ${name}`;
    case 'DiskFillForecast':
      return `free space on ${name} before its disk is full`;
    case 'InodesLow':
      return `delete files on ${name}: it runs out of inodes`;
    case 'ReadOnlyFilesystem':
      return `see why a file system of ${name} went read-only`;
    case 'MemoryExhaustionForecast':
      return `see what grows on ${name} before its memory is gone`;
    case 'MemoryLow':
      return `see what fills the memory of ${name}`;
    case 'MemoryPressure':
      return `see why ${name} waits for memory`;
    default:
      return `see to ${name}`;
  }
}
