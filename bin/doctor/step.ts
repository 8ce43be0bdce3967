/** A diagnosis: the steps to a host, or from an alert to its reader, each with what was found and how to fix it. */

/** `unknown`: it could not be read, or an earlier step failed. */
export type Finding = 'ok' | 'failed' | 'unknown';

export interface Step {
  /** What is examined, e.g. `security group`. */
  readonly name: string;
  readonly finding: Finding;
  /** What was found, with the numbers. May quote a tag or a host: escape it where it is shown. */
  readonly text: string;
  /** One line; null where nothing has to be done. */
  readonly fix: string | null;
}

/** A list of steps in their order. */
export interface Diagnosis {
  readonly kind: 'place' | 'deploy' | 'alerts' | 'fleet' | 'instance' | 'host';
  /** The stack's name for `place`, `deploy`, `alerts` and `fleet`, `i-...`, or the inventory's name. */
  readonly id: string;
  readonly name: string;
  readonly steps: readonly Step[];
}

/** The outcome of a call: its answer, IAM's refusal, or another failure. */
export type Lookup<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'denied'; readonly permission: string }
  | { readonly kind: 'failed'; readonly why: string };

export const ok = (name: string, text: string): Step => ({ name, finding: 'ok', text, fix: null });
export const failed = (name: string, text: string, fix: string): Step => ({ name, finding: 'failed', text, fix });
export const unknown = (name: string, text: string, fix: string | null = null): Step => ({
  name,
  finding: 'unknown',
  text,
  fix,
});

/** Judges an answer; a call without one is an unknown step, and the other steps go on. */
export function stepsOf<T>(name: string, lookup: Lookup<T>, judge: (value: T) => readonly Step[]): readonly Step[] {
  switch (lookup.kind) {
    case 'answered':
      return judge(lookup.value);
    case 'denied':
      return [
        unknown(
          name,
          `this identity lacks ${lookup.permission}`,
          `allow ${lookup.permission} for this identity in IAM`,
        ),
      ];
    case 'failed':
      return [
        unknown(
          name,
          `could not be read: ${lookup.why}`,
          'run it again: it may have been a temporary error of AWS or the network',
        ),
      ];
  }
  return lookup satisfies never;
}

/** The answer, or null where there is none. */
export const answerOf = <T>(lookup: Lookup<T>): T | null => (lookup.kind === 'answered' ? lookup.value : null);

/** 2 where something is broken, else 3 where something is unknown, else 0. */
export function exitCodeOfDiagnoses(diagnoses: readonly Diagnosis[]): 0 | 2 | 3 {
  const findings = diagnoses.flatMap(({ steps }) => steps.map(({ finding }) => finding));
  if (findings.includes('failed')) return 2;
  return findings.includes('unknown') ? 3 : 0;
}
