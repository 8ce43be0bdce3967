/** The time from Enter to the answer, where there is little to do. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CRAWLWATCH } from './contenders.ts';
import type { Lab } from './lab.ts';
import type { Effort, Say } from './measure.ts';
import { median, type Ran, run } from './run.ts';
import { fixed, type Section, type Target, times } from './table.ts';

const WANTED = 5;

/** crawlwatch first, then what it is compared with. */
const PAIRS = [
  [
    ['crawlwatch --help', [process.execPath, CRAWLWATCH, '--help']],
    ['ansible --version', ['ansible', '--version']],
  ],
  [
    ['crawlwatch check --local', [process.execPath, CRAWLWATCH, 'check', '--local']],
    ['ansible localhost -m setup', ['ansible', 'localhost', '-m', 'setup']],
  ],
] as const;

export async function startUp(lab: Lab, hasAnsible: boolean, effort: Effort, say: Say): Promise<Section> {
  const rows: string[][] = [];
  const targets: Target[] = [];
  for (const [ours, theirs] of PAIRS) {
    const pair = hasAnsible ? [ours, theirs] : [ours];
    const runs = pair.map((): Ran[] => []);
    for (let round = 0; round < effort.startRounds; round += 1) {
      for (const [i, [, command]] of pair.entries()) runs[i]?.push(await run(command, lab.surroundings));
    }
    const ratio = median((runs[1] ?? []).map(({ wallMs }, round) => wallMs / (runs[0]?.[round]?.wallMs ?? 0)));
    for (const [i, [name, command]] of pair.entries()) {
      const modules = i === 0 ? await nodeModules(command, lab) : await pythonModules(command, lab);
      const of = (what: (ran: Ran) => number) => median((runs[i] ?? []).map(what));
      rows.push([
        ...[name, `${of(({ wallMs }) => wallMs).toFixed(0)} ms`, i === 0 ? times(ratio) : ''],
        ...[`${of(({ cpuMs }) => cpuMs).toFixed(0)} ms`, fixed(of(({ peakMib }) => peakMib)), `${modules.length}`],
      ]);
      say(name);
      if (i > 0) continue;
      const aws = modules.filter((module) => /\/@(?:aws-sdk|smithy)\//.test(module)).length;
      targets.push(
        {
          what: `${ours[0]} beside ${theirs[0]}`,
          got: times(ratio),
          target: `${WANTED}× or more`,
          met: hasAnsible ? ratio >= WANTED : null,
        },
        { what: `${ours[0]}: AWS modules loaded`, got: `${aws}`, target: 'none', met: aws === 0 },
      );
    }
  }
  return {
    title: 'Start-up',
    columns: ['', 'median', 'faster by', 'CPU', 'peak MiB', 'modules loaded'],
    rows,
    notes: [
      `Medians of ${effort.startRounds} rounds, in turns. Modules: files that Node or Python loaded, their own built-in ones left out for Node.`,
    ],
    targets,
  };
}

/** Files that were evaluated, as V8's coverage lists them: ES modules and CommonJS alike. */
async function nodeModules(command: readonly string[], { directory, surroundings }: Lab): Promise<string[]> {
  const coverage = join(directory, 'coverage');
  await run(command, { ...surroundings, env: { ...surroundings.env, NODE_V8_COVERAGE: coverage } });
  const urls = readdirSync(coverage).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
  });
  rmSync(coverage, { recursive: true });
  return [...new Set(urls)];
}

/** One line a module (https://docs.python.org/3/using/cmdline.html#cmdoption-X). */
async function pythonModules(command: readonly string[], { surroundings }: Lab): Promise<string[]> {
  const { stderr } = await run(command, {
    ...surroundings,
    env: { ...surroundings.env, PYTHONPROFILEIMPORTTIME: '1' },
  });
  return [
    ...new Set(
      stderr
        .split('\n')
        .filter((line) => /^import time: +\d/.test(line))
        .map((line) => line.split('|').at(-1) ?? ''),
    ),
  ];
}
