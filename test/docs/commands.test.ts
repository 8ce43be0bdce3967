import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { grammar } from '../support/reference/commands.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
const filesIn = (folder: string, ending: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);

/** What commander has against it; null where it takes it. */
async function refusal(words: readonly string[]): Promise<string | null> {
  let said = '';
  const program = grammar((text) => {
    said += text;
  });
  return program.parseAsync(words, { from: 'user' }).then(
    () => null,
    () => (said.startsWith('crawlwatch: ') ? said.trim() : null),
  );
}

const WORD = /(?:'[^']*'|"[^"]*"|[^\s'"|;&<>])+|[|;&<>]+/g;

/** The words after `crawlwatch` of each command in a line of shell; a comment is set off by two spaces or a #. */
function callsIn(line: string): string[][] {
  const calls: string[][] = [[]];
  for (const [word] of line.replace(/ {2,}.*$| #.*$/, '').matchAll(WORD)) {
    if (/^[|;&<>]/.test(word)) calls.push([]);
    else calls.at(-1)?.push(word.replaceAll(/^['"]|['"]$/g, ''));
  }
  return calls.flatMap((words) => {
    const from = words.findIndex((word) => word !== 'npx' && !/^[A-Z_]+=/.test(word));
    const [program, verb = '', ...rest] = words.slice(from);
    // Also a user's name, in sudoers.
    return program === 'crawlwatch' && /^[-a-z]/.test(verb) ? [[verb, ...rest]] : [];
  });
}

/** The line of a grammar, such as `crawlwatch mute [options] [instance...]`, is nothing to type. */
const isGrammar = (line: string): boolean => line.includes(' [options]');

/** Code in backticks, and the lines of blocks. */
const codeOf = (markdown: string): string[] =>
  markdown
    .split(/^```/m)
    .flatMap((text, n) =>
      n % 2 === 1 ? text.split('\n').slice(1) : [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code),
    )
    .filter((line) => !isGrammar(line));
/** Commands in sentences: after a colon or npx, to the end of the clause. */
const clausesOf = (text: string): string[] =>
  [...text.matchAll(/(?:: (?=(?:[A-Z_]+=\S+ )?crawlwatch )|(?=\bnpx crawlwatch ))(.*?)(?=[,.;)"](?:\s|$)|$)/gm)].map(
    ([, clause = '']) => clause,
  );

function helpLines(): string[] {
  const help: string[] = [];
  const program = grammar((text) => help.push(text));
  for (const command of [program, ...program.commands]) command.outputHelp();
  return help.flatMap((text) => text.split('\n'));
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  ...filesIn('docs', '.md'),
  ...filesIn('docs/reference', '.md'),
];
const mails = filesIn('test/fixtures/mails', '.txt');
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(pages.map((page) => [page, codeOf(read(page))])),
  'the mails': mails.flatMap((mail) => clausesOf(read(mail))),
  'the alarms and the dashboard': clausesOf(read('test/lib/__snapshots__/crawlwatch-stack.test.ts.snap')),
  'the recorded terminal': filesIn('docs/terminal', '.txt').flatMap((file) =>
    [...read(file).matchAll(/^\$ (.+)$/gm)].map(([, line = '']) => line),
  ),
  '--help': helpLines().map((line) => line.trim()),
};
const CALLS = Object.entries(SOURCES).map(([source, lines]) => ({ source, calls: lines.flatMap(callsIn) }));

describe('a command that people are given', () => {
  it.each([
    ['check --nonsense', /unknown option '--nonsense'/],
    ['chek', /unknown command 'chek'/],
    ['check --local --aws', /cannot be used with/],
    ['check -o yaml', /Allowed choices/],
    ['ack', /missing required argument/],
    ['pause now', /too many arguments/],
  ])('is refused where the program does not take it: %s', async (line, why) => {
    expect(await refusal(line.split(' '))).toMatch(why);
  });

  it.each([
    ['README.md', 15],
    ['docs/runbook.md', 20],
    ['docs/reference/commands.md', 60],
    ['the mails', 6],
    ['the recorded terminal', 1],
    ['--help', 25],
  ])('is found in %s, %i times and more', (source, least) => {
    expect(CALLS.find((one) => one.source === source)?.calls.length).toBeGreaterThanOrEqual(least);
  });

  it('is in each line of the examples of --help', () => {
    const lines = helpLines();
    const lists = lines.flatMap((line, nth) => (line === 'Examples:' ? [nth] : []));
    const given = lists.flatMap((from) => {
      const to = lines.indexOf('', from);
      return lines.slice(from + 1, to === -1 ? lines.length : to);
    });
    expect(given.length).toBeGreaterThan(50);
    expect(given.filter((line) => callsIn(line.trim()).length === 0)).toEqual([]);
  });

  it.each(CALLS)('is one that the program takes, in $source', async ({ calls }) => {
    const refused = await Promise.all(calls.map(async (words) => [words.join(' '), await refusal(words)]));
    // Prose may call a command by its name alone.
    const isName = (line: string | null, why: string) =>
      !line?.includes(' ') && why.includes('missing required argument');
    expect(refused.filter(([line = null, why]) => why != null && !isName(line, why))).toEqual([]);
  });
});
