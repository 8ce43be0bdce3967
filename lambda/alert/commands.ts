/** What a tired person runs next on reading a mail: complete commands, to be pasted. */

import { ADVICE, instanceReport, nextStep, shellWord } from '../judge/index.ts';
import type { Transition } from '../memory/index.ts';
import type { InstanceReport, ReasonCode, Remedy } from '../model/index.ts';
import type { MailEntry } from './plan.ts';

/** One line of what to do. `Or`: instead of the line above it; `Then`: after it; `Meanwhile`: beside it. */
export interface Step {
  readonly say: 'Run' | 'Or' | 'Then' | 'Meanwhile';
  readonly command: string;
}

const run = (command: string): Step => ({ say: 'Run', command });
const or = (command: string): Step => ({ say: 'Or', command });

/**
 * By crawlwatch first: it looks once more, saves the evidence and tells what came of it. By AWS's own means else, and
 * elsewhere than at home, where crawlwatch doesn't act: there with credentials of that account.
 */
export function commandsFor(entry: MailEntry): Step[] {
  const steps = everyStep(entry);
  if (entry.transition.instance.elsewhere !== true) return steps;
  const [first, ...rest] = steps.filter(({ command }) => !ASKS_HOME.test(command));
  return first === undefined ? [] : [first.say === 'Or' ? run(first.command) : first, ...rest];
}

/** Done through the remedy function, or by the tables at home. */
const ASKS_HOME = /^(AWS_REGION=\S+ )?crawlwatch (?!check )/;

function everyStep({ kind, transition: t }: MailEntry): Step[] {
  const { instance } = t;
  const id = shellWord(instance.id);
  const region = instance.region === null ? '' : ` --region ${shellWord(instance.region)}`;
  // The reader may have another Region set.
  const environment = instance.region === null ? '' : `AWS_REGION=${shellWord(instance.region)} `;
  const crawlwatch = (command: string) => `${environment}crawlwatch ${command}`;
  const evidence = `aws ec2 get-console-output --latest --instance-id ${id}${region} --output text`;
  const reboot: Step[] = [
    run(crawlwatch(`reboot ${id}   # looks again, saves the evidence, reboots, waits until it is back`)),
    or(`${evidence}   # evidence that a reboot destroys`),
    { say: 'Then', command: `aws ec2 reboot-instances --instance-ids ${id}${region}` },
  ];
  const mute: Step = {
    say: 'Meanwhile',
    command: crawlwatch(`mute ${id} --for 1d   # no mail and no act while somebody works on it`),
  };
  switch (kind) {
    case 'flagged':
      return reboot;
    case 'reminder':
      return [...reboot, mute];
    case 'escalated':
      return [
        run(crawlwatch(`history ${id}   # what was done, and the evidence saved before it`)),
        run(`${evidence}   # what it says since`),
        mute,
      ];
    case 'held':
      return [
        run(`aws ec2 describe-instance-status --instance-ids ${id}${region}`),
        run('crawlwatch check --aws   # asks the fleet once more, and changes nothing'),
      ];
    case 'measured': {
      const next = byHand(t);
      if (next === null) return [];
      const remedy = restartOf(t);
      return remedy === null ? [run(next)] : [run(crawlwatch(`${remedy} ${id}`)), or(next)];
    }
    case 'suppressed':
    case 'inconclusive':
    case 'recovered':
    case 'event':
      return [];
  }
  return kind satisfies never;
}

function byHand(t: Transition): string | null {
  const { user, port } = t.instance.login;
  const login = (report: InstanceReport) =>
    `ssh${port === 22 ? '' : ` -p ${port}`} ${shellWord(`${user}@${report.address ?? report.name}`)}`;
  return nextStep(instanceReport(t, true, []), login);
}

/** The restart that crawlwatch itself can make: of a worker only by the unit that the instance's tag names. */
function restartOf({ assessment: { recommendation }, instance }: Transition): Remedy | null {
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
