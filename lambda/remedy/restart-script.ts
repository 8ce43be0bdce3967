import { UNIT_PATTERN } from '../model/index.ts';
import COMMON from './restart-common.sh';
import RESTART_SSHD from './restart-sshd.sh';
import RESTART_WORKER from './restart-worker.sh';

/**
 * The POSIX sh scripts that restart the crawler's service or sshd, the same over SSM and SSH (`sh -s -- UNIT` with the
 * script on stdin). {@link parseRestart} reads what they print.
 */
export const RESTART_WORKER_SCRIPT: string = COMMON + RESTART_WORKER;
export const RESTART_SSHD_SCRIPT: string = COMMON + RESTART_SSHD;

/** SSM's own end of a script, in seconds: past the longest that it waits for systemd itself. */
const TIMEOUT_SECONDS = '90';

/**
 * Content of the SSM Command document that restarts one unit. Nothing but the unit can be chosen by who sends it
 * (https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html).
 */
export function ssmRestartWorkerDocument(): object {
  const parameters = {
    Units: {
      type: 'String',
      description: 'The one systemd service to restart.',
      allowedPattern: UNIT_PATTERN,
    },
  };
  // The agent puts the parameter in as text before a shell sees it.
  return document('Restarts one systemd service.', parameters, ['set -- {{ Units }}', ...lines(RESTART_WORKER_SCRIPT)]);
}

/** Content of the SSM Command document that restarts sshd; who sends it can choose nothing. */
export function ssmRestartSshdDocument(): object {
  return document('Restarts sshd, if its configuration is good.', null, lines(RESTART_SSHD_SCRIPT));
}

const lines = (script: string): string[] => script.split('\n');

const document = (description: string, parameters: object | null, runCommand: readonly string[]): object => ({
  schemaVersion: '2.2',
  description,
  ...(parameters !== null && { parameters }),
  mainSteps: [
    { action: 'aws:runShellScript', name: 'restart', inputs: { timeoutSeconds: TIMEOUT_SECONDS, runCommand } },
  ],
});
