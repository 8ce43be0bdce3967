/** What stands between us and a host, or between an alert and its reader: one step after the other, each with its fix. */

/** `unknown`: it could not be asked, or an earlier step stands before it. */
export type Finding = 'ok' | 'failed' | 'unknown';

export interface Step {
  /** What is looked at, e.g. `security group`. */
  readonly name: string;
  readonly finding: Finding;
  /** What was found, with the numbers. May quote a tag or a host: escape it where it is shown. */
  readonly text: string;
  /** What to do about it, one line; null where nothing is to be done. */
  readonly fix: string | null;
}

/** One chain of steps. */
export interface Diagnosis {
  readonly kind: 'alerts' | 'fleet' | 'instance' | 'host';
  /** The stack's name for `alerts` and `fleet`, `i-...`, or the inventory's name. */
  readonly id: string;
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What came of asking: an answer, IAM's refusal, or another failure. */
export type Asked<T> =
  | { readonly kind: 'told'; readonly value: T }
  | { readonly kind: 'denied'; readonly permission: string }
  | { readonly kind: 'unread'; readonly why: string };

export const ok = (name: string, text: string): Step => ({ name, finding: 'ok', text, fix: null });
export const failed = (name: string, text: string, fix: string): Step => ({ name, finding: 'failed', text, fix });
export const unknown = (name: string, text: string, fix: string | null = null): Step => ({
  name,
  finding: 'unknown',
  text,
  fix,
});

/** Judges what was told; what could not be asked is a step of its own, which stops no other. */
export function stepsOf<T>(name: string, asked: Asked<T>, judge: (value: T) => readonly Step[]): readonly Step[] {
  switch (asked.kind) {
    case 'told':
      return judge(asked.value);
    case 'denied':
      return [
        unknown(name, `this identity lacks ${asked.permission}`, `allow ${asked.permission} for this identity in IAM`),
      ];
    case 'unread':
      return [
        unknown(
          name,
          `could not be asked: ${asked.why}`,
          'run it again: it may have been a passing error of AWS, or on the way there',
        ),
      ];
  }
  return asked satisfies never;
}

/** The answer, or null where there is none. */
export const toldOf = <T>(asked: Asked<T>): T | null => (asked.kind === 'told' ? asked.value : null);

/** 2 where something is broken, else 3 where something is not known, else 0. */
export function exitCodeOfDiagnoses(diagnoses: readonly Diagnosis[]): 0 | 2 | 3 {
  const findings = diagnoses.flatMap(({ steps }) => steps.map(({ finding }) => finding));
  if (findings.includes('failed')) return 2;
  return findings.includes('unknown') ? 3 : 0;
}
