/** What the built program loads: a command pays for what it uses, and no AWS client is loaded where no AWS is used. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { madeLate } from '../../tools/build/late-unicode.mjs';
import { probeOutput } from '../support/probe-output.ts';
import { keyPair, rawServer, type TestServer } from '../support/ssh-server.ts';
import { type BuiltProgram, builtProgram, finish, sourcesIn } from './built-program.ts';

let program: BuiltProgram;
let silent: TestServer;
beforeAll(async () => {
  program = builtProgram();
  silent = await rawServer((socket) => socket.resetAndDestroy());
  writeFileSync(join(program.home, 'key'), keyPair().private);
  writeFileSync(join(program.home, 'saved.txt'), probeOutput());
  writeFileSync(join(program.home, 'hosts.ini'), `web1 ansible_host=127.0.0.1 ansible_port=${silent.port}\n`);
});
afterAll(async () => {
  program.remove();
  await silent.close();
});

/** Packages with a part in a file that was evaluated, as V8's coverage lists them. */
async function loadedBy(words: readonly string[]) {
  const coverage = mkdtempSync(join(tmpdir(), 'crawlwatch-coverage-'));
  const { exitCode, stderr } = await finish(program.start(words, { NODE_V8_COVERAGE: coverage }));
  const urls = readdirSync(coverage).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url);
  });
  rmSync(coverage, { recursive: true });
  const held = urls.flatMap((url) => {
    const path = url.startsWith('file:') ? relative(process.cwd(), fileURLToPath(url)) : url;
    return sourcesIn(program.files, path);
  });
  const packages = held.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/.][^/]*)\//.exec(source)?.[1] ?? []);
  return { exitCode, stderr, held, packages: [...new Set(packages)].sort() };
}

const isAws = (name: string) => /^@(?:aws|smithy)/.test(name);

/** Small, and bundled with the command line's grammar. */
const PARSER = ['commander'];

describe('the program', () => {
  it.each([
    ['--help', 0, []],
    ['--version', 0, []],
    ['check --help', 0, []],
    ['doctor --help', 0, []],
    ['check --local --help', 0, PARSER],
    ['chek', 3, PARSER],
  ])('loads no package but what is bundled with it for %s', async (line, exitCode, packages) => {
    expect(await loadedBy(line.split(' '))).toMatchObject({ exitCode, packages });
  });

  it.each([
    ['probe', 0],
    ['check --local -o json', expect.any(Number)],
    ['check --from saved.txt', 0],
    ['check -i hosts.ini --list-hosts', 0],
  ])('loads neither an AWS client nor SSH for %s', async (line, exitCode) => {
    const loaded = await loadedBy(line.split(' '));
    expect(loaded.exitCode).toEqual(exitCode);
    expect(loaded.packages.filter((name) => isAws(name) || name === 'ssh2')).toEqual([]);
  });

  it.each(['check --local', 'check --from saved.txt'])('loads nothing of other commands for %s', async (line) => {
    const { held } = await loadedBy(line.split(' '));
    expect(held).toContain('bin/terminal/kept-rows.ts');
    expect(held.filter((source) => /^bin\/(?:exporter|doctor|init|watch|why|backtest)\//.test(source))).toEqual([]);
  });

  it.each(['check -i hosts.ini --private-key key -o line', 'doctor -i hosts.ini --private-key key'])(
    'loads SSH and no AWS client for %s',
    async (line) => {
      const { exitCode, packages } = await loadedBy(line.split(' '));
      expect(exitCode).toBe(2);
      expect(packages).toContain('ssh2');
      expect(packages.filter(isAws)).toEqual([]);
    },
  );

  it.each(['check', 'doctor'])(
    'says in one line that %s has no credentials, once it has loaded AWS for it',
    async (command) => {
      const { exitCode, stderr, packages } = await loadedBy([command]);
      expect(stderr).toMatch(/^crawlwatch: no AWS credentials: .*\n$/);
      expect(exitCode).toBe(3);
      expect(packages).toContain('@aws-sdk/client-ec2');
    },
  );
});

describe('a package that measures text', () => {
  it.each(['string-width/index.js', 'slice-ansi/tokenize-ansi.js', 'wrap-ansi/index.js'])(
    'is built so that Unicode tables are read at first use: %s',
    (path) => {
      const source = readFileSync(join('node_modules', path), 'utf8');
      const atLoad = /^(?:const|let) \w+ = (?!\(\) =>).*(?:new Intl\.|\\p\{)/m;
      expect(source).toMatch(atLoad);
      expect(madeLate(source)).not.toMatch(atLoad);
    },
  );
});
