/** Diagnoses as text, a list with marks, and as JSON. */

import { forTerminal, inertJson, isoSeconds } from '../../lambda/kit/index.ts';
import { type Diagnosis, exitCodeOfDiagnoses, type Finding, type Step } from './step.ts';

const MARK: Readonly<Record<Finding, string>> = { ok: '✓', failed: '✗', unknown: '?' };
/** SGR colours, of the sixteen that every terminal theme has. */
const COLOUR: Readonly<Record<Finding, number>> = { ok: 32, failed: 31, unknown: 33 };
const NAME_WIDTH = 16;

export function diagnosesText(diagnoses: readonly Diagnosis[], { colour }: { readonly colour: boolean }): string {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const line = ({ name, finding, text, fix }: Step) => {
    const found = `  ${paint(COLOUR[finding], MARK[finding])} ${name.padEnd(NAME_WIDTH)} ${forTerminal(text)}`;
    return fix === null ? found : `${found}\n    ${''.padEnd(NAME_WIDTH)} ${paint(1, 'fix:')} ${forTerminal(fix)}`;
  };
  const lists = diagnoses.map(
    (diagnosis) => `${paint(1, titleOf(diagnosis))}\n${diagnosis.steps.map(line).join('\n')}\n`,
  );
  return `${lists.join('\n')}\n${summary(diagnoses)}\n`;
}

function titleOf({ kind, id, name }: Diagnosis): string {
  switch (kind) {
    case 'place':
      return 'Where the calls go';
    case 'deploy':
      return `Before a deploy of ${forTerminal(name)}`;
    case 'alerts':
      return `From ${forTerminal(name)} to the readers of its mail`;
    case 'fleet':
      return 'The watched instances';
    case 'instance':
      return name === id ? forTerminal(id) : `${forTerminal(name)} (${forTerminal(id)})`;
    case 'host':
      return forTerminal(name);
  }
  return kind satisfies never;
}

function summary(diagnoses: readonly Diagnosis[]): string {
  const count = (finding: Finding) =>
    diagnoses.reduce((sum, { steps }) => sum + steps.filter((step) => step.finding === finding).length, 0);
  const [broken, open, well] = [count('failed'), count('unknown'), count('ok')];
  if (broken + open === 0) return `All ${well} steps are OK.`;
  return `${broken} broken, ${open} unknown, ${well} OK. ${broken > 0 ? 'Begin with the first ✗ of each list.' : ''}`.trim();
}

/** Version 1; readers ignore unknown keys. */
export function diagnosesJson(diagnoses: readonly Diagnosis[], at: Date): string {
  const exitCode = exitCodeOfDiagnoses(diagnoses);
  return inertJson(JSON.stringify({ version: 1, diagnosedAt: isoSeconds(at), exitCode, diagnoses }, null, 2));
}
