/** What a tired person runs next on reading a mail: complete commands, to be pasted. */
import type { InstanceReport, ReasonCode } from '../model.ts';
import { instanceReport } from './instance-report.ts';
import { ADVICE, nextStep, shellWord } from './next-step.ts';
import type { MailEntry } from './plan-mail.ts';

export function commandsFor({ kind, transition: t }: MailEntry): string[] {
  const { instance } = t;
  const region = instance.region === null ? '' : ` --region ${shellWord(instance.region)}`;
  const id = shellWord(instance.id);
  switch (kind) {
    case 'flagged':
    case 'reminder':
      return [
        `aws ec2 get-console-output --latest --instance-id ${id}${region} --output text   # evidence that a reboot destroys`,
        `aws ec2 reboot-instances --instance-ids ${id}${region}`,
      ];
    case 'held':
      return [
        `aws ec2 describe-instance-status --instance-ids ${id}${region}`,
        'crawlwatch check --aws   # asks the fleet once more, and changes nothing',
      ];
    case 'measured': {
      const { user, port } = instance.login;
      const login = (report: InstanceReport) =>
        `ssh${port === 22 ? '' : ` -p ${port}`} ${shellWord(`${user}@${report.address ?? report.name}`)}`;
      const next = nextStep(instanceReport(t, true, []), login);
      return next === null ? [] : [next];
    }
    case 'suppressed':
    case 'unknown':
    case 'recovered':
    case 'event':
      return [];
  }
  return kind satisfies never;
}

/** Where the scheduled check is mended otherwise than the command line. */
const IN_THE_STACK: Readonly<Partial<Record<ReasonCode, string>>> = {
  AuthenticationFailed: "see that ssh.user and the key in ssh.keySecretArn are those of the host's authorized_keys",
  HostKeyMismatch:
    'find out why the host key changed; if the host was rebuilt on purpose, delete its tag crawlwatch:host-key and the next check pins the new one',
  ProtocolError:
    'see what listens on that port, it does not speak SSH; another port: the tag crawlwatch:ssh, port=2222',
  HostUnreachable: 'check the route, the network ACL and the subnets that the check function is in',
  SshThrottled: 'raise MaxStartups in sshd_config, or look for who else opens many connections',
  SsmAccessDenied: 'see that the instance carries the watch tag, by which the check function may send it commands',
  NotChecked: "see the errors in the check function's log; if it ran out of time, raise forks or schedule.everyMinutes",
};

/** How to mend what keeps us from checking. */
export const fixFor = (code: ReasonCode): string =>
  IN_THE_STACK[code] ?? ADVICE[code] ?? "see the check function's log";
