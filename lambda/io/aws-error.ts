/** What a rejection of the SDK says, in a line that may be logged, tagged or mailed. */

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

/** `Code: message`, one line of at most 300 characters. */
export function errorText(error: unknown): string {
  // A refused connection to a name with several addresses is an AggregateError without a message, but with a code.
  const message = error instanceof Error ? error.message || String('code' in error ? error.code : '') : String(error);
  // EC2 appends up to a kilobyte that only sts:DecodeAuthorizationMessage can read.
  const readable = message.replace(/ *Encoded authorization failure message: .*/s, '');
  return `${errorCode(error)}: ${readable}`.replace(/\s+/g, ' ').trim().slice(0, TEXT_MAX);
}
