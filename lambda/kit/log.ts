/** The functions' structured log. */
import { Logger } from '@aws-lambda-powertools/logger';
import type { Log } from '../model/index.ts';
import { withoutSecrets } from './redact.ts';

/**
 * One JSON line an event, `event` beside the fields that were given. Its level is the environment's
 * (`POWERTOOLS_LOG_LEVEL`, or what Lambda's own logging settings say). A known secret is logged by its kind alone.
 */
export function createLog(): Log {
  const logger = new Logger({ serviceName: 'crawlwatch', jsonReplacerFn: (_, value) => withoutSecretsIn(value) });
  const line = (event: string, fields: Readonly<Record<string, unknown>> = {}) => ({
    ...fields,
    event,
    message: event,
  });
  return {
    info: (event, fields) => logger.info(line(event, fields)),
    warn: (event, fields) => logger.warn(line(event, fields)),
    error: (event, fields) => logger.error(line(event, fields)),
  };
}

const withoutSecretsIn = (value: unknown): unknown => (typeof value === 'string' ? withoutSecrets(value) : value);
