/** The steps of a probe, derived from the one in which it failed: earlier ones are OK, later ones were not reached. */

import { gib, percent } from '../../lambda/kit/index.ts';
import type { FailureReason, Instance, ProbeOutcome } from '../../lambda/model/index.ts';
import { opensshWayText } from '../openssh/index.ts';
import { failed, ok, type Step, unknown } from './step.ts';

const SSH_STEPS = ['address', 'connection', 'sshd', 'host key', 'login', 'probe'] as const;
type SshStep = (typeof SSH_STEPS)[number];

/** The step to which each failure belongs; all others belong to the probe. */
const STEP_OF: Readonly<Partial<Record<FailureReason, SshStep>>> = {
  NoAddress: 'address',
  NameNotResolved: 'address',
  HostUnreachable: 'connection',
  ConnectTimeout: 'connection',
  ConnectionRefused: 'connection',
  ConnectionReset: 'sshd',
  ClosedBeforeBanner: 'sshd',
  BannerTimeout: 'sshd',
  HandshakeTimeout: 'sshd',
  ProtocolError: 'sshd',
  NegotiationFailed: 'sshd',
  SshThrottled: 'sshd',
  HostKeyUnknown: 'host key',
  HostKeyMismatch: 'host key',
  AuthenticationFailed: 'login',
  InstanceConnectRefused: 'login',
};

export interface LoginFacts {
  readonly instance: Pick<Instance, 'address' | 'login'>;
  readonly outcome: ProbeOutcome;
  /** Fingerprint of the host's key, where it was trusted. */
  readonly hostKey: string | null;
  /** The check connects from elsewhere: a failed connection from here is no verdict on the host. */
  readonly elsewhere: boolean;
  readonly fixFor: (reason: FailureReason) => string;
}

export function sshSteps(facts: LoginFacts): Step[] {
  const { outcome } = facts;
  if (outcome.kind === 'vitals') return SSH_STEPS.map((name) => ok(name, okText(name, facts)));
  if (outcome.reason === 'BadOverride') {
    return SSH_STEPS.map((name) => unknown(name, 'not tried: correct the overrides above first'));
  }
  const broken = SSH_STEPS.indexOf(STEP_OF[outcome.reason] ?? 'probe');
  return SSH_STEPS.map((name, nth) => {
    if (nth < broken) return ok(name, okText(name, facts));
    if (nth > broken) return unknown(name, `not reached: the step "${SSH_STEPS[broken]}" comes first`);
    return brokenStep(name, outcome, facts);
  });
}

function brokenStep(
  name: SshStep,
  outcome: Extract<ProbeOutcome, { kind: 'failed' }>,
  { elsewhere, fixFor }: LoginFacts,
): Step {
  const text = `${outcome.reason}: ${sentence(outcome.text)}`;
  if (outcome.reason === 'NotChecked') return unknown(name, text, fixFor(outcome.reason));
  if (elsewhere && name === 'connection') {
    return unknown(
      name,
      `${text} That was tried from this machine; the check connects from elsewhere`,
      'rely on the steps above, or run doctor from a machine in the same network (VPN, bastion)',
    );
  }
  return failed(name, text, fixFor(outcome.reason));
}

function okText(name: SshStep, { instance: { address, login }, outcome, hostKey }: LoginFacts): string {
  const host = address?.includes(':') ? `[${address}]` : (address ?? 'none');
  switch (name) {
    case 'address':
      return host;
    case 'connection':
      return `${host}:${login.port} accepts${viaText(login)}`;
    case 'sshd':
      return 'answers, and has algorithms in common';
    case 'host key':
      return hostKey === null ? 'trusted' : `trusted, ${hostKey}`;
    case 'login':
      return `as ${login.user}`;
    case 'probe':
      return outcome.kind === 'vitals' ? vitalsText(outcome) : 'ran';
  }
  return name satisfies never;
}

function viaText(login: Instance['login']): string {
  const through = opensshWayText({ login });
  if (through !== null) return `, ${through}`;
  const { jumps = [] } = login;
  return jumps.length === 0 ? '' : `, through ${jumps.map((jump) => jump.address).join(', ')}`;
}

function vitalsText({ vitals: { memory }, couldFork }: Extract<ProbeOutcome, { kind: 'vitals' }>): string {
  const share = percent((memory.availableBytes / memory.totalBytes) * 100);
  return `${gib(memory.availableBytes)} (${share}) of its memory is available${couldFork ? '' : '; it cannot start processes'}`;
}

/** The one step of a probe over SSM. */
export function ssmProbeStep(outcome: ProbeOutcome, fixFor: LoginFacts['fixFor']): Step {
  if (outcome.kind === 'vitals') return ok('probe', vitalsText(outcome));
  const text = `${outcome.reason}: ${sentence(outcome.text)}`;
  if (outcome.reason === 'BadOverride') return unknown('probe', 'not tried: correct the overrides above first');
  const isUnknown = outcome.reason === 'NotChecked' || outcome.reason === 'SsmAccessDenied';
  return isUnknown ? unknown('probe', text, fixFor(outcome.reason)) : failed('probe', text, fixFor(outcome.reason));
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Deadline for all hosts together; each has its own from the settings. */
export const PROBES_MS = 5 * 60_000;

/** What is wrong with a key, without what a failed login says around it. */
export const keyProblem = ({ text }: { readonly text: string }): string =>
  text.replace(/^No connection was made, since /, '').replace(/\.$/, '');
