/** What no linter rule holds: where the clock, the process and chance may be used, and what a shared test file may do. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import config from '../vitest.config.ts';

const ROOT = join(import.meta.dirname, '..');
const filesOf = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
    .sort();
/** Without comments, which may name what the code must not use. */
const codeOf = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');

/** Touch the world by their trade: files named after a service, the two transports and the functions' entries. */
const TOUCHES_THE_WORLD =
  /^lambda\/(?:ssh\/|ssm\/|[^/]+-handler\.ts$|(?:.*\/)?(?:cloudwatch|dynamodb|ec2|events|lambda|s3|secrets|sns|ssm|sts)\.ts$)/;

const IMPURE: Readonly<Record<string, RegExp>> = {
  'Date.now': /\bDate\.now\b/,
  'new Date()': /\bnew Date\(\s*\)/,
  'performance.now': /\bperformance\.now\b/,
  'process.': /\bprocess\./,
  'Math.random': /\bMath\.random\b/,
  randomUUID: /\brandomUUID\b/,
  setTimeout: /\bsetTimeout\b/,
  setInterval: /\bsetInterval\b/,
};
const impureIn = (code: string): string[] =>
  Object.entries(IMPURE).flatMap(([name, pattern]) => (pattern.test(codeOf(code)) ? [name] : []));

/** Each with why it may. */
const EXCEPTIONS: Readonly<Record<string, readonly [why: string, ...uses: string[]]>> = {
  'lambda/check/acts.ts': ['waits for the remedy function no longer than its check has time', 'setTimeout'],
  'lambda/discover/places.ts': ['gives a place that does not answer up after a time', 'setTimeout'],
  'lambda/kit/api-budget.ts': [
    'waits for its turn to call: the defaults of a clock that tests replace',
    ...['Date.now', 'Math.random', 'setTimeout'],
  ],
  'lambda/probe/fleet.ts': ['ends a run at its deadline, whatever its transports do', 'setTimeout'],
};

describe('the code of lambda/ that decides', () => {
  const found = new Map(
    filesOf('lambda')
      .filter((file) => !TOUCHES_THE_WORLD.test(file))
      .map((file) => [file, impureIn(readFileSync(join(ROOT, file), 'utf8'))]),
  );

  it('uses no clock, process or chance but what it is given', () => {
    expect(found.size).toBeGreaterThan(60);
    const uses = [...found].filter(([, names]) => names.length > 0);
    const allowed = Object.entries(EXCEPTIONS).map(([file, [, ...names]]) => [file, names]);
    // An exception that is not used any more is one too many.
    expect(Object.fromEntries(uses)).toEqual(Object.fromEntries(allowed));
  });

  it.each([
    ['const at = Date.now();', ['Date.now']],
    ['const at = new Date( );', ['new Date()']],
    ['const at = performance.now();', ['performance.now']],
    ['const { env } = process.env;', ['process.']],
    ['const dice = Math.random;', ['Math.random']],
    ['setTimeout(() => {}, 5); setInterval(() => {}, 5);', ['setTimeout', 'setInterval']],
    ["import { setTimeout as wait } from 'node:timers/promises';", ['setTimeout']],
    ['const at = new Date(0); // not Date.now()\n/** process.env */', []],
  ])('would be caught: %j', (code, names) => {
    expect(impureIn(code)).toEqual(names);
  });
});

describe('a test file that shares its process with others', () => {
  /** What another file would find changed. */
  const CHANGES_THE_PROCESS =
    /\bvi\.(?:mock|doMock|stubEnv|stubGlobal|useFakeTimers)\(|\bprocess\.env\.\w+ = |\bdelete process\.env|\bprocess\.chdir\(|spyOn\(\s*(?:process|console|[A-Z]\w*\.prototype)\b|\binject\(|\bbuiltProgram\(/;

  it('changes nothing of the process, and needs no built program', () => {
    const [unit, own] = (config.test?.projects ?? []).map((project) =>
      typeof project === 'object' && 'test' in project ? project.test : undefined,
    );
    expect([unit?.name, own?.name]).toEqual(['unit', 'process']);
    const sharing = filesOf('test')
      .filter((file) => file.endsWith('.test.ts') && !/^test\/(?:slow|integration|browser|deploy)\//.test(file))
      .filter((file) => !own?.include?.includes(file) && file !== 'test/house.test.ts');
    expect(sharing.length).toBeGreaterThan(100);
    expect(sharing.filter((file) => CHANGES_THE_PROCESS.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
    expect(own?.include?.filter((file) => !filesOf('test').includes(file))).toEqual([]);
  });
});
