/** Advises what to do about a host: commands to paste at a terminal, with the host's own address. */

import { shellWord } from '../kit/index.ts';
import type { InstanceReport, ReasonCode, Vitals } from '../model/index.ts';

/** The command that logs in to an instance: `ssh -p 2222 ubuntu@10.0.0.7`. The report itself has no login. */
export type LoginCommand = (instance: InstanceReport) => string;

const toAddress: LoginCommand = (instance) => `ssh ${shellWord(instance.address ?? instance.name)}`;

/** @returns one line, or null where there is nothing to do */
export function nextStep(instance: InstanceReport, login: LoginCommand = toAddress): string | null {
  const onHost = (command: string) => commandOn(instance, login, command);
  switch (instance.recommendation) {
    case 'none':
      return null;
    case 'restart-worker': {
      return `${onHost(commandThere(instance) ?? '')}${afterwards(instance.vitals?.worker)}`;
    }
    case 'restart-sshd':
      return onHost(commandThere(instance) ?? '');
    case 'reboot':
      return isInstanceId(instance.id)
        ? `aws ec2 reboot-instances --instance-ids ${instance.id}${regionFlag(instance)}`
        : 'reboot it from its console: it no longer serves a login';
    case 'investigate':
      return investigate(instance, login);
  }
  return instance.recommendation satisfies never;
}

/** Debian names the unit `ssh`, others `sshd`; without systemd `service` starts the script of either SysV init or OpenRC. */
const RESTART_SSHD = 'sudo systemctl restart ssh || sudo systemctl restart sshd || sudo service sshd restart';
const LARGEST_PROCESSES = 'ps -eo pid,rss,etime,args --sort=-rss | head';

/** The command to run on the host itself; null where what is to be done is done elsewhere. */
export function commandThere({ recommendation, reasons, vitals }: InstanceReport): string | null {
  const unit = vitals?.worker?.unit;
  if (recommendation === 'restart-worker') {
    return unit === undefined ? LARGEST_PROCESSES : restartOf(unit, vitals?.worker?.state ?? null);
  }
  if (recommendation === 'restart-sshd') return RESTART_SSHD;
  if (recommendation === 'none' || recommendation === 'reboot') return null;
  if (recommendation === 'investigate' && reasons.some(({ code }) => /^(Disk|Inodes|ReadOnly)/.test(code))) {
    return 'df -h; df -i; sudo du -xhd2 / 2>/dev/null | sort -h | tail';
  }
  return vitals === null ? null : LARGEST_PROCESSES;
}

/**
 * The state shows whether systemd has that unit: the probe says `absent` and `running` of processes of that name alone.
 * Without systemd it is started by a script of /etc/init.d, or by OpenRC.
 */
function restartOf(unit: string, state: string | null): string {
  if (state !== 'absent' && state !== 'running') return `sudo systemctl restart ${shellWord(unit)}`;
  const service = shellWord(unit.replace(/\.service$/, ''));
  return `sudo service ${service} restart || sudo rc-service ${service} restart`;
}

/** What a person adds to the command of a restart. */
function afterwards(worker: Vitals['worker'] | undefined): string {
  if (worker == null) return '   then restart the crawler';
  return worker.state === 'absent' ? "   if it is installed; else correct the worker's name" : '';
}

function investigate(instance: InstanceReport, login: LoginCommand): string {
  const onHost = (command: string) => commandOn(instance, login, command);
  const codes = instance.reasons.map((reason) => reason.code);
  const advice = codes.map((code) => ADVICE[code]).find((text) => text !== undefined);
  if (instance.transport === 'ssm' && codes.includes('ExecRefused')) return AGENT_ADVICE;
  if (advice !== undefined) return advice;
  const there = commandThere(instance);
  if (there !== null) return onHost(there);
  return isInstanceId(instance.id)
    ? `aws ec2 get-console-output --latest --instance-id ${instance.id}${regionFlag(instance)} --output text`
    : `${login(instance)} -v true`;
}

/** Of `ExecRefused` over SSM, where no user logs in. */
const AGENT_ADVICE = 'put right what the agent says, on the host by SSH or its serial console';

/** By reason: how to fix a check that could not be made. */
export const ADVICE: Readonly<Partial<Record<ReasonCode, string>>> = {
  AuthenticationFailed:
    'do as the reason says, or log in as another user (-u USER) or with another key (--private-key FILE, or ssh-add FILE)',
  HostKeyUnknown: 'confirm its fingerprint on the host, then do as the reason says',
  HostKeyMismatch:
    'find out why the host key changed; if the host was rebuilt on purpose, forget the old key as the reason says',
  NegotiationFailed: 'update OpenSSH on the host: it offers no algorithm that is still safe',
  ProtocolError: 'see what listens on that port, it does not speak SSH; another port: --host HOST:PORT',
  HostUnreachable:
    'put right what the reason names, or see that this machine has a route to it (VPN, security group, network ACL)',
  NoAddress: 'give the instance an address of the kind that ssh.address asks for, private or public',
  NameNotResolved: 'correct the name, or give its address: ansible_host=10.0.0.1 in the inventory',
  ExecRefused: 'let that user run sh, as the reason says, or log in as another',
  SshThrottled: 'raise MaxStartups in sshd_config, or lower --forks if the hosts are one machine',
  SsmNotManaged: 'attach an instance profile with AmazonSSMManagedInstanceCore and see that the SSM agent runs',
  SsmAccessDenied: 'let this identity use ssm:SendCommand on the instance and the probe document',
  BadOverride: 'correct the tag, or the variable in the inventory',
  Unparsable: 'crawlwatch probe | ssh HOST sh   shows what it prints; login scripts that talk are the usual cause',
  NotChecked: 'check again; with many hosts raise --forks',
};

const isInstanceId = (id: string) => /^i-[0-9a-f]+$/.test(id);
const regionFlag = ({ region }: InstanceReport) => (region === null ? '' : ` --region ${shellWord(region)}`);

function commandOn(instance: InstanceReport, login: LoginCommand, command: string): string {
  switch (instance.transport) {
    case 'local':
    case 'file':
      return command;
    case 'ssm':
      return `aws ssm start-session --target ${shellWord(instance.id)}${regionFlag(instance)}   then: ${command}`;
    case 'ssh':
      return `${login(instance)} '${command.replaceAll("'", "'\\''")}'`;
  }
  return instance.transport satisfies never;
}
