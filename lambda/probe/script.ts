import { UNIT_PATTERN, UNITS_PATTERN } from '../model/index.ts';
import PROBE from './probe.sh';

/**
 * The POSIX sh script that reads a host's vitals, the same over SSM, SSH (`sh -s -- ARGUMENTS` with the script on
 * stdin) and locally. {@link probeArguments} makes its arguments, {@link parseVitals} reads what it prints.
 */
export const PROBE_SCRIPT: string = PROBE;

/**
 * The same script as it is sent to a shell's stdin, without whole-line comments, indentation and the spaces around
 * operators, of which no quoted text of it has any but code: bash and mksh read their script from there byte by byte, a
 * system call each. A redirection keeps its space after a digit, which would be its descriptor.
 */
export const SENT_SCRIPT: string = PROBE.replace(/^[ \t]*(#.*)?\n/gm, '')
  .replace(/^[ \t]+/gm, '')
  .replace(/ *(\|\||&&|\||;;|;) */g, '$1')
  .replace(/(?<!\d) (?=[<>])/g, '')
  .replace(/\$\(\(.*?\)\)/g, (sum) => sum.replace(/ ([-+*/%]) /g, '$1'));

const UNIT = new RegExp(UNIT_PATTERN);

/**
 * The script's arguments: the units to report on, each once, and `sshd:PORT` where it is to ask whether sshd answers.
 * A unit that systemd could not have is left out: the script would drop it too. Joined with spaces they are the
 * document's parameter `Units`.
 */
export function probeArguments(units: readonly string[], sshdPort: number | null): string[] {
  const asked = [...new Set(units)].filter((unit) => UNIT.test(unit) && !unit.startsWith('sshd:'));
  return sshdPort === null ? asked : [`sshd:${sshdPort}`, ...asked];
}

/** A third of the script is comments, which the agent would fetch with each command. */
const WITH_COMMENTS = '# The same with its comments: crawlwatch probe';

/**
 * Content of the SSM Command document that runs the script. Nothing but `Units` can be chosen by who sends it
 * (https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html).
 */
export function ssmProbeDocument(): object {
  return {
    schemaVersion: '2.2',
    description: 'Reads memory, disks and the state of units, and changes nothing.',
    parameters: {
      Units: {
        type: 'String',
        description: 'Units to report on, separated by spaces; sshd:PORT asks whether sshd answers there.',
        default: '',
        allowedPattern: UNITS_PATTERN,
      },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'probe',
        // The agent puts the parameter in as text before a shell sees it.
        inputs: { timeoutSeconds: '20', runCommand: [WITH_COMMENTS, 'set -- {{ Units }}', ...SENT_SCRIPT.split('\n')] },
      },
    ],
  };
}
