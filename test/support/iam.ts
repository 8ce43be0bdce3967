/** Just enough of IAM's evaluation to ask a role of the template what it may do: allows alone, no denies, no boundaries. */
import { grantsOf } from '../lib/synth.ts';

/** One call, as IAM sees it. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  /** By condition key; a key that isn't in the request is absent. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Whether one statement of the role allows it; an operator that isn't known here throws. */
export function mayCall(role: string, settings: object, { action, resource, context = {} }: Call): boolean {
  return grantsOf(role, settings).some(
    ({ Effect, Action, Resource, Condition }) =>
      Effect === 'Allow' &&
      [Action].flat().some((one) => matches(one, action)) &&
      [Resource].flat().some((one) => matches(String(one), resource)) &&
      Object.entries((Condition ?? {}) as Conditions).every(([operator, keys]) =>
        Object.entries(keys).every(([key, wanted]) => holds(operator, context[key], [wanted].flat())),
      ),
  );
}

function holds(operator: string, given: string | readonly string[] | undefined, wanted: readonly string[]): boolean {
  const values = given === undefined ? [] : [given].flat();
  switch (operator) {
    case 'StringEquals':
      return values.length > 0 && values.every((value) => wanted.includes(value));
    case 'StringLike':
      return values.length > 0 && values.every((value) => wanted.some((one) => matches(one, value)));
    case 'StringLikeIfExists':
      return values.every((value) => wanted.some((one) => matches(one, value)));
    case 'ForAllValues:StringEquals':
      return values.every((value) => wanted.includes(value));
    case 'Null':
      return (values.length === 0) === (wanted[0] === 'true');
    default:
      throw new Error(`no such operator here: ${operator}`);
  }
}

/** `*` matches anything, as in IAM. */
const matches = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.split('*').map(literally).join('.*')}$`).test(text);

const literally = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
