/** What an error says, the SDK's above all, in a line that may be logged, tagged or mailed. */

import { withoutSecrets } from './redact.ts';

const TEXT_MAX = 300;
const DENIED = /^(UnauthorizedOperation|AccessDenied(Exception)?|AuthorizationError(Exception)?)$/;

/** The service's error code, e.g. `InvalidInstanceID.NotFound`: the SDK's exceptions carry it as their name. */
export function errorCode(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/** Whether IAM refused the call: no retry and no smaller call can help. */
export function isAccessDenied(error: unknown): boolean {
  return DENIED.test(errorCode(error));
}

/** Codes by which AWS's services refuse a call that came too soon: it had no effect (EC2 answers with 503). */
const THROTTLE =
  /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|Throttled|TooManyRequestsException|RequestThrottled(Exception)?|SlowDown)$/;

export const isThrottle = (error: unknown): boolean => THROTTLE.test(errorCode(error));

/**
 * Whether AWS has said no, so that the call had no effect: a 4xx with a code of the service's own, or a throttle. No
 * answer, a 5xx and an answer that can't be read leave that open: the SDK calls an error whose code it doesn't know the
 * client's fault, whatever the status, and so the status counts.
 */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('$metadata' in error)) return false;
  const { httpStatusCode: status = 0 } = error.$metadata as { readonly httpStatusCode?: number };
  const hasCode =
    /^[A-Za-z]/.test(error.name) && !/^(Unknown|UnknownError|Error|SyntaxError|.*Timeout.*)$/.test(error.name);
  return hasCode && (isThrottle(error) || (status >= 400 && status < 500));
}

/** The message alone, where the kind of error is clear from what is around it. AWS quotes what it refuses: no secrets. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return withoutSecrets(String(error));
  // A refused connection to a name with several addresses is an AggregateError without a message, but with a code.
  return withoutSecrets(error.message || String('code' in error ? error.code : ''));
}

/** `Code: message`, one line of at most 300 characters. */
export function errorText(error: unknown): string {
  // EC2 appends up to a kilobyte that only sts:DecodeAuthorizationMessage can read.
  const readable = messageOf(error).replace(/ *Encoded authorization failure message: .*/s, '');
  return `${errorCode(error)}: ${readable}`.replace(/\s+/g, ' ').trim().slice(0, TEXT_MAX);
}

/**
 * A policy with a condition on tags refuses a whole call because of one instance, and names it: `not authorized to
 * perform: ec2:CreateTags on resource: arn:aws:ec2:...:instance/i-...`.
 *
 * @param most how many such refusals count: isolating one instance is worth some calls, a role that may touch none of
 * them is not
 * @returns whether the next refusal is because of single instances
 */
export function deniesAnInstance(most = 24): (error: unknown) => boolean {
  let left = most;
  return (error) => isAccessDenied(error) && /:instance\/i-/.test(String(error)) && left-- > 0;
}

/** The same failure, with what failed before its words. */
export function orThrow<T>(failing: string, work: Promise<T>): Promise<T> {
  return work.catch((cause) => {
    throw new Error(`${failing}: ${messageOf(cause)}`, { cause });
  });
}
