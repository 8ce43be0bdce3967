/** The program in a real terminal, as a person sees it. What was seen is kept in docs/terminal (npm run docs:pictures). */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BuiltProgram, builtProgram } from '../bin/built-program.ts';
import { startTerminalFleet, type TerminalFleet } from '../support/terminal-fleet.ts';
import { terminalSvg } from '../support/terminal-svg.ts';
import { openTerminal, type Terminal } from '../support/tmux.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs', 'terminal');
const PICTURE = join(DOCS, '..', 'images', 'terminal.svg');
const PROMPT = '$ ';

let program: BuiltProgram;
let fleet: TerminalFleet;
let terminal: Terminal;
let opened: (columns: number) => Promise<Terminal>;
beforeAll(async () => {
  program = builtProgram();
  const home = mkdtempSync(join(tmpdir(), 'crawlwatch-terminal-'));
  fleet = await startTerminalFleet(home);
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin', 'crawlwatch'), `#!/bin/sh\nexec '${process.execPath}' '${program.path}' "$@"\n`);
  chmodSync(join(home, 'bin', 'crawlwatch'), 0o755);
  const path = `${join(home, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
  const env = { HOME: home, PATH: path, LANG: 'C.UTF-8', PS1: PROMPT, PWD: home };
  opened = async (columns) => {
    const one = openTerminal({ columns, rows: 50 }, { cwd: home, env });
    await one.until((screen) => screen.endsWith(PROMPT.trim()));
    return one;
  };
  terminal = await opened(130);
});
afterAll(async () => {
  terminal?.close();
  await fleet?.close();
  if (fleet) rmSync(fleet.home, { recursive: true, force: true });
  program?.remove();
});

/** Nobody connects but the program: what is established to the port of a host is its. */
function openConnections(): number {
  const ports = [...readFileSync(join(fleet.home, 'crawlers.ini'), 'utf8').matchAll(/port=(\d+)/g)];
  const remote = ports.map(([, port]) => `0100007F:${Number(port).toString(16).toUpperCase().padStart(4, '0')} 01`);
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return rows.filter((row) => remote.some((end) => row.split(/\s+/).slice(3, 5).join(' ') === end)).length;
}

const isBack = (screen: string) => screen.split('\n').at(-1) === PROMPT.trim();

/** Figures, bars and what follows from their width differ from run to run. */
const loosely = (text: string) =>
  text
    .replace(/[▁▂▃▄▅▆▇█░]+/g, '#')
    .replace(/[#-]{10,}/g, '')
    .replace(/\d+/g, '0')
    .replace(/[ \n]+/g, ' ')
    .trim();

/** The command as it was typed, and what came of it. */
function kept(name: string, command: string, screens: string): void {
  const file = join(DOCS, name);
  const seen = `${PROMPT}${command}\n${screens.replace(/\n\$$/, '')}`;
  if (process.env.UPDATE_DOCS === '1') {
    mkdirSync(DOCS, { recursive: true });
    writeFileSync(file, `${seen}\n`);
  }
  expect(loosely(seen)).toBe(loosely(readFileSync(file, 'utf8')));
}

it('checks ten hosts in colours: the picture in the README', async () => {
  const columns = 112;
  const narrow = await opened(columns);
  const command = "crawlwatch check -i crawlers.ini -l 'crawler0*:crawler12' --timeout 5 --accept-new-host-keys";
  narrow.type(`clear; ${command}`, 'Enter');
  const screen = await narrow.until(isBack);
  expect(screen).toMatch(/^10 hosts in [\d.]+ s: 2 CRITICAL, 1 WARNING, 7 OK$/m);
  const seen = `${PROMPT}${command}\n${narrow.inColour().replace(/\n[^\n]*\$[^\n]*$/, '')}`;
  narrow.close();
  const svg = terminalSvg(seen, columns, 'crawlwatch check of ten hosts: two hang, one has a full disk');
  if (process.env.UPDATE_DOCS === '1') writeFileSync(PICTURE, svg);
  const textOf = (drawn: string) => loosely(drawn.replace(/<[^>]*>/g, ' '));
  expect(textOf(svg)).toBe(textOf(readFileSync(PICTURE, 'utf8')));
});

it('checks twenty hosts of which two hang, worst first, with a bar while it waits', async () => {
  const command = 'crawlwatch check -i crawlers.ini --timeout 5 --accept-new-host-keys';
  terminal.type(`clear; ${command}`, 'Enter');
  const waiting = await terminal.until((screen) => / 18\/20 /.test(screen));
  expect(waiting).toMatch(/^#+-+ 18\/20 {2}1 WARNING {2}17 OK {2}\d+ s, about \d+ s left$/m);
  kept('check.txt', command, await terminal.until(isBack));
});

it('watches them: three refreshes in one place, what changed, and after Ctrl-C the cursor is back', async () => {
  const command = 'crawlwatch watch -i crawlers.ini --timeout 4 --every 6 --accept-new-host-keys --record watch.ndjson';
  terminal.type(`clear; ${command}`, 'Enter');
  const pictures: string[] = [];
  for (const [moment, tells] of [/17 OK/, /crawler03 .* OK -> WARNING/, /crawler05 .* OK -> CRITICAL/].entries()) {
    const picture = await terminal.until((screen) => tells.test(screen) && / next at /.test(screen));
    expect(terminal.hasCursor()).toBe(false);
    pictures.push(picture);
    fleet.moment(moment + 1);
  }
  // Made smaller meanwhile: the next picture is drawn again, and nothing is left of the one before.
  terminal.resize(100, 45);
  await terminal.until((screen) => /crawler12 .* CRITICAL -> OK/.test(screen) && / next at /.test(screen));
  terminal.type('', 'C-c');
  const end = await terminal.until(isBack);
  expect(terminal.hasCursor()).toBe(true);
  expect(end.match(/^crawlwatch: /gm)).toHaveLength(1);
  expect(openConnections()).toBe(0);
  pictures.push(end);
  kept('watch.txt', command, pictures.join(`\n\n${'='.repeat(129)}\n\n`));
  expect(readFileSync(join(fleet.home, 'watch.ndjson'), 'utf8').trimEnd().split('\n').length % 20).toBe(0);
});

it('prints at Ctrl-C what is known, and has no connection open', async () => {
  fleet.moment(0);
  const command = 'crawlwatch check -i crawlers.ini --timeout 60; echo "exit code $?"';
  terminal.type(`clear; ${command}`, 'Enter');
  await terminal.until((screen) => / 18\/20 /.test(screen));
  terminal.type('', 'C-c');
  const seen = await terminal.until(isBack);
  kept('interrupted.txt', command, seen);
  expect(seen).toContain('exit code 130');
  expect(openConnections()).toBe(0);
});
