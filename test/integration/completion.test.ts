/** The completion in zsh and fish themselves (Debian's packages of these names). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crawlwatch } from '../bin/command-line.ts';
import { openTerminal } from '../support/tmux.ts';

let home = '';
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'crawlwatch-completion-'));
  for (const shell of ['zsh', 'fish']) {
    writeFileSync(join(home, shell), (await crawlwatch(['completion', shell])).stdout);
  }
  writeFileSync(join(home, 'hosts.ini'), '');
  writeFileSync(join(home, '.zshrc'), 'autoload -Uz compinit; compinit -u; source ~/zsh; PS1="%% "\n');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

it.each([
  ['crawlwatch ch', 'check'],
  ['crawlwatch check -o nag', 'nagios'],
  ['crawlwatch check --output prom', 'prometheus'],
  ['crawlwatch watch --rec', '--record'],
  ['crawlwatch check -i ho', 'hosts.ini'],
  ['crawlwatch completion f', 'fish'],
  ['crawlwatch help wat', 'watch'],
])('fish completes %s to %s', (line, offer) => {
  const ask = `source ~/fish; complete -C ${JSON.stringify(line)}`;
  const env = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8' };
  const offers = execFileSync('fish', ['--no-config', '-c', ask], { cwd: home, env, encoding: 'utf8' });
  expect(offers.split('\n').map((one) => one.split('\t')[0])).toContain(offer);
});

it.each([
  ['crawlwatch comp', 'crawlwatch completion '],
  ['crawlwatch check -o nag', 'crawlwatch check -o nagios '],
  ['crawlwatch check --output prom', 'crawlwatch check --output prometheus '],
  ['crawlwatch watch --rec', 'crawlwatch watch --record '],
  ['crawlwatch check -i ho', 'crawlwatch check -i hosts.ini '],
  ['crawlwatch completion f', 'crawlwatch completion fish '],
])('zsh completes %s to %s', async (line, whole) => {
  const env = { HOME: home, PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' };
  const terminal = openTerminal({ columns: 100, rows: 20 }, { cwd: home, env }, 'zsh');
  try {
    await terminal.until((screen) => screen === '%');
    terminal.type(line, 'Tab');
    const screen = await terminal.until((now) => now.includes(whole.trimEnd()));
    expect(screen).toContain(`% ${whole.trimEnd()}`);
  } finally {
    terminal.close();
  }
});
