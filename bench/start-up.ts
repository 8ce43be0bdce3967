/** The time from Enter to the answer, where there is little to do, with the program installed as its users install it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.ts';
import type { Effort, Say } from './measure.ts';
import { median, type Ran, run } from './run.ts';
import { fixed, type Section, type Target, times } from './table.ts';

/** crawlwatch first, then what it is compared with, and how many times faster it should be. */
const pairsFor = (crawlwatch: string) =>
  [
    [['crawlwatch --help', [crawlwatch, '--help']], ['ansible --version', ['ansible', '--version']], 6],
    [
      ['crawlwatch check --local', [crawlwatch, 'check', '--local']],
      ['ansible localhost -m setup', ['ansible', 'localhost', '-m', 'setup']],
      8,
    ],
  ] as const;
/** No program can answer before its interpreter has started. */
const FLOOR = ['node -e 0', ['node', '-e', '0']] as const;

/** Packs the working tree, installs that, and nothing else, in a folder of its own. @returns the program */
function installed({ directory }: Lab): string {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: root });
  const tarball = join(directory, packed.toString().trim().split('\n').at(-1) ?? '');
  const prefix = join(directory, 'installed');
  execFileSync('npm', ['install', '--silent', '--global', '--offline', '--prefix', prefix, tarball]);
  return join(prefix, 'bin', 'crawlwatch');
}

export async function startUp(lab: Lab, hasAnsible: boolean, effort: Effort, say: Say): Promise<Section> {
  const rows: string[][] = [];
  const targets: Target[] = [];
  const floor: Ran[] = [];
  for (const [ours, theirs, wanted] of pairsFor(installed(lab))) {
    const pair = hasAnsible ? [ours, theirs] : [ours];
    const runs = pair.map((): Ran[] => []);
    for (let round = 0; round < effort.startRounds; round += 1) {
      floor.push(await run(FLOOR[1], lab.surroundings));
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
          target: `${wanted}× or more`,
          met: hasAnsible ? ratio >= wanted : null,
        },
        { what: `${ours[0]}: AWS modules loaded`, got: `${aws}`, target: 'none', met: aws === 0 },
      );
    }
  }
  rows.push([
    ...[FLOOR[0], `${median(floor.map(({ wallMs }) => wallMs)).toFixed(0)} ms`, ''],
    ...[
      `${median(floor.map(({ cpuMs }) => cpuMs)).toFixed(0)} ms`,
      fixed(median(floor.map(({ peakMib }) => peakMib))),
      '',
    ],
  ]);
  return {
    title: 'Start-up',
    columns: ['', 'median', 'faster by', 'CPU', 'peak MiB', 'modules loaded'],
    rows,
    notes: [
      `Medians of ${effort.startRounds} rounds, in turns. Modules: files that Node or Python loaded, their own built-in ones left out for Node. crawlwatch is the packed program, installed by npm; \`node -e 0\` is what it can't go below.`,
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
