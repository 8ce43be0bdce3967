/** What a tired person runs next, for each reason. Complete commands, to be pasted. */
import type { Instance, ReasonCode } from '../model.ts';
import type { MailEntry } from './plan-mail.ts';
import type { Transition } from './transitions.ts';

/** Ids and Regions come from AWS, units and users passed their patterns: nothing here is a host's word. */
export function commandsFor(t: Transition, entry: MailEntry): string[] {
  const { instance } = t;
  const region = instance.region === null ? '' : ` --region ${instance.region}`;
  if (entry.kind === 'flagged' || entry.kind === 'reminder') {
    return [
      `aws ec2 get-console-output --latest --instance-id ${instance.id}${region} --output text   (evidence that a reboot destroys)`,
      `aws ec2 reboot-instances --instance-ids ${instance.id}${region}`,
    ];
  }
  if (entry.kind === 'held') return [`aws ec2 describe-instance-status --instance-ids ${instance.id}${region}`];
  const { recommendation } = t.assessment;
  if (recommendation === 'restart-worker')
    return [onHost(instance, `sudo systemctl restart ${instance.worker ?? 'UNIT'}`)];
  if (recommendation === 'restart-sshd')
    return [onHost(instance, 'sudo systemctl restart ssh || sudo systemctl restart sshd')];
  if (entry.codes.some((code) => code === 'DiskLow' || code === 'DiskFillForecast')) {
    return [onHost(instance, 'sudo du -xhd2 / 2>/dev/null | sort -h | tail')];
  }
  return [onHost(instance, 'ps -eo pid,rss,comm --sort -rss | head')];
}

function onHost(instance: Instance, command: string): string {
  if (instance.transport === 'ssm') {
    const region = instance.region === null ? '' : ` --region ${instance.region}`;
    return `aws ssm start-session --target ${instance.id}${region}   then: ${command}`;
  }
  const port = instance.login.port === 22 ? '' : ` -p ${instance.login.port}`;
  return `ssh${port} ${instance.login.user}@${instance.address ?? instance.id} '${command}'`;
}

/** How to mend what keeps us from checking. */
export function fixFor(code: ReasonCode): string {
  switch (code) {
    case 'AuthenticationFailed':
      return "check ssh.user and that the key in ssh.keySecretArn is in that user's authorized_keys.";
    case 'HostKeyMismatch':
      return 'find out why the host key changed. If the host was rebuilt on purpose, delete its tag crawlwatch:host-key; the next check pins the new one.';
    case 'HostKeyUnknown':
      return 'add the host to the known_hosts file (ssh-keyscan), or run once with --accept-new-host-keys.';
    case 'NegotiationFailed':
      return 'update OpenSSH on the host: it offers no algorithm that is still safe.';
    case 'ProtocolError':
      return 'see what listens on that port: it does not speak SSH. The tag crawlwatch:ssh sets another, port=2222.';
    case 'HostUnreachable':
      return 'check the route, the network ACL and the subnets the check function is in.';
    case 'NoAddress':
      return 'give the instance an address of the kind that ssh.address asks for (private or public).';
    case 'NameNotResolved':
      return 'correct the host name, or the resolver of the machine that checks.';
    case 'ExecRefused':
      return 'allow the user to run commands: no ForceCommand, no nologin shell.';
    case 'SshThrottled':
      return 'raise MaxStartups in sshd_config, or look for who else opens many connections.';
    case 'SsmNotManaged':
      return 'attach an instance profile with AmazonSSMManagedInstanceCore and see that the SSM agent runs and reaches its endpoints.';
    case 'SsmAccessDenied':
      return 'see that the instance carries the watch tag, by which the check function may send it commands.';
    case 'BadOverride':
      return 'correct the tag.';
    case 'Unparsable':
      return 'run `crawlwatch probe | ssh HOST sh` and compare: login scripts that print, or a broken /proc, are the usual causes.';
    case 'NotChecked':
      return "see the errors in the check function's log; if it ran out of time, raise forks or schedule.everyMinutes.";
    default:
      return 'see the log of the check function.';
  }
}
