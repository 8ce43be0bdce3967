/** Errors that a person at the terminal can fix: one line each, no stack trace, exit code 3. */
import { forTerminal, withoutSecrets } from '../../lambda/kit/index.ts';
import type { SettingsError } from '../../lambda/settings/index.ts';

/** Exit code of usage, settings and credentials errors; as that of a monitoring plugin 3 means UNKNOWN. */
export const EXIT_UNKNOWN = 3;

/** Something that the caller has to change. The message says what was given, what is allowed, what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The lines to print on stderr. */
export function errorLines(error: unknown): string[] {
  if (isSettingsError(error)) return error.problems.map(line);
  if (error instanceof UsageError) return [line(error.message)];
  // A bug of ours: its stack trace helps.
  return [
    `crawlwatch: unexpected ${withoutSecrets(error instanceof Error ? (error.stack ?? error.message) : String(error))}`,
  ];
}

/** Compares the name: importing the class would load the whole schema before --help could be shown. */
const isSettingsError = (error: unknown): error is SettingsError =>
  error instanceof Error && error.name === 'SettingsError' && 'problems' in error;

const line = (text: string) => `crawlwatch: ${forTerminal(withoutSecrets(text))}`;

/**
 * What an error of AWS means and what to do about it; null for any other error.
 * @param otherwise how to do without credentials, for a command that can
 */
export function explainAwsError(error: unknown, otherwise: string | null = null): UsageError | null {
  if (!(error instanceof Error)) return null;
  const message = withoutSecrets(error.message)
    .replace(/ *Encoded authorization failure message: .*/s, '')
    .replace(/\s+/g, ' ');
  const said = `${error.name}: ${message}`.slice(0, 300);
  const cause = { cause: error };
  const without = otherwise === null ? '' : `; ${otherwise}`;
  if (/^Region is missing/.test(message)) {
    return new UsageError(
      'no AWS Region: set AWS_REGION=eu-west-1 (or another), or a region in the AWS profile',
      cause,
    );
  }
  switch (error.name) {
    case 'CredentialsProviderError':
    case 'TokenProviderError':
      return /from any provider/.test(message)
        ? new UsageError(
            `no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run aws sso login${without}`,
            cause,
          )
        : new UsageError(`no usable AWS credentials (${message.slice(0, 300)})${without}`, cause);
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'RequestExpired':
      return new UsageError(`the AWS credentials have expired: renew them (aws sso login)${without}`, cause);
    case 'AuthFailure':
    case 'InvalidClientTokenId':
    case 'UnrecognizedClientException':
    case 'SignatureDoesNotMatch':
      return new UsageError(`AWS does not accept these credentials (${said}); check AWS_PROFILE${without}`, cause);
    case 'UnauthorizedOperation':
    case 'AccessDenied':
    case 'AccessDeniedException':
      return new UsageError(`AWS denies this identity a call that a check makes (${said}); allow it in IAM`, cause);
  }
  if (
    /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|TimeoutError|ETIMEDOUT/.test(
      `${error.name} ${codeOf(error)} ${message}`,
    )
  ) {
    return new UsageError(
      `AWS can't be reached (${said}); check the network, a proxy, AWS_REGION and AWS_ENDPOINT_URL`,
      cause,
    );
  }
  return '$fault' in error ? new UsageError(`AWS refused a call (${said})`, cause) : null;
}

const codeOf = (error: Error) => ('code' in error ? String(error.code) : '');
