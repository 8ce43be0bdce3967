/** The built program as a process of its own: streams, signals, exit codes, and what it loads. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyPair, rawServer } from '../support/ssh-server.ts';
import { type BuiltProgram, builtProgram, finish, sourcesIn } from './built-program.ts';

let program: BuiltProgram;
beforeAll(() => {
  program = builtProgram();
});
afterAll(() => program.remove());

/** What is loaded before the program has read its arguments: source files and external packages. */
function loadedAtStart(): string[] {
  const seen = new Set<string>();
  const loaded = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const source of sourcesIn(program.files, path)) loaded.add(source);
    for (const imported of program.files.files.outputs[path]?.imports ?? []) {
      if (imported.kind !== 'import-statement') continue;
      if (imported.external) loaded.add(imported.path);
      else visit(imported.path);
    }
  };
  const entry = relative(process.cwd(), program.path);
  expect(sourcesIn(program.files, entry)).toContain('bin/crawlwatch.ts');
  visit(entry);
  return [...loaded].sort();
}

describe('the program', () => {
  it('prints what is known at Ctrl-C, exit code 130', async () => {
    const silent = await rawServer(() => child.kill('SIGINT'));
    writeFileSync(join(program.home, 'key'), keyPair().private);
    const child = program.start(['check', '--host', `127.0.0.1:${silent.port}`, '--private-key', 'key', '-o', 'line']);
    const { exitCode, stdout, stderr } = await finish(child);
    await silent.close();
    expect(stdout).toMatch(/^127\.0\.0\.1 \| UNKNOWN \| NotChecked: .*\n$/);
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: '' });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'that only a signal ends, as exporter, has done well at %s',
    async (signal) => {
      const silent = await rawServer(() => child.kill(signal));
      writeFileSync(join(program.home, 'key'), keyPair().private);
      const words = ['exporter', '--host', `127.0.0.1:${silent.port}`, '--private-key', 'key', '--listen', ':0'];
      const child = program.start(words);
      const { exitCode, stdout, stderr } = await finish(child);
      await silent.close();
      expect(stderr).toMatch(/^crawlwatch: metrics at [^\n]*\n$/);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    },
  );

  it('ends silently when its reader has gone', async () => {
    const child = program.start(['check', '--local']);
    child.stdout?.destroy();
    expect(await finish(child)).toMatchObject({ exitCode: 141, stderr: '' });
  });

  /** Starts it where a process may have so many files open at once. */
  const startWith = (files: number, words: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const limited = ['-c', `ulimit -n ${files} && exec "$@"`, 'sh', process.execPath, program.path, ...words];
    return spawn('sh', limited, { cwd: program.home, env: { ...program.env, ...env } });
  };

  it.runIf(process.platform === 'linux')('takes its own limit of open files for no fault of a host', async () => {
    const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '0.0.0.0');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    writeFileSync(join(program.home, 'key'), keyPair().private);
    const addresses = Array.from({ length: 60 }, (_, n) => ['--host', `127.0.1.${n + 1}:${port}`]).flat();
    // A name comes last, when no file is left: libc then reports that the name doesn't exist.
    const words = [
      'check',
      ...addresses,
      '--host',
      `localhost:${port}`,
      '--private-key',
      'key',
      '--timeout',
      '3',
      '-o',
      'line',
    ];
    const { stdout, stderr } = await finish(startWith(48, words));
    silent.close();
    const lines = stdout.trimEnd().split('\n');
    const own = lines.filter((line) => / \| UNKNOWN \| HostUnreachable: \S+ was not asked: .*ulimit -n/.test(line));
    const asked = lines.filter((line) => / \| CRITICAL \| BannerTimeout: /.test(line));
    expect({ all: own.length + asked.length, stderr }).toEqual({ all: 61, stderr: '' });
    expect(own.length).toBeGreaterThan(10);
    expect(asked.length).toBeGreaterThan(3);
    expect(own).toContainEqual(expect.stringMatching(/^localhost \|/));
  });

  it.runIf(process.platform === 'linux')('takes its own limit of open files for no fault of this machine', async () => {
    // Opens all that it may, right before the shell is started.
    const fill = `import fs from 'node:fs'; import cp from 'node:child_process'; import { syncBuiltinESMExports } from 'node:module';
      const { spawn } = cp;
      cp.spawn = (...args) => { try { for (;;) fs.openSync('/dev/null'); } catch {} return spawn(...args); };
      syncBuiltinESMExports();`;
    const options = `--import data:text/javascript,${encodeURIComponent(fill)}`;
    const { exitCode, stdout, stderr } = await finish(
      startWith(64, ['check', '--local', '-o', 'line'], { NODE_OPTIONS: options }),
    );
    expect(stdout).toMatch(/ \| UNKNOWN \| NotChecked: This machine was not asked: .*ulimit -n/);
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: '' });
  });

  // Only Linux has a device that is always full.
  it.runIf(existsSync('/dev/full'))('says that its output could not be written', async () => {
    const words = [process.execPath, program.path, 'probe'];
    const child = spawn('sh', ['-c', '"$@" >/dev/full', 'sh', ...words], { cwd: program.home, env: program.env });
    expect(await finish(child)).toMatchObject({
      exitCode: 3,
      stderr: "crawlwatch: can't write the output: ENOSPC: no space left on device, write\n",
    });
  });

  it('loads no SDK, no SSH and no schema to show its help', async () => {
    const light =
      /^node:|^package\.json$|^node_modules\/commander\/|^lambda\/(kit|model)\/|^bin\/(commands\/|terminal\/|crawlwatch\.ts)/;
    expect(loadedAtStart().filter((name) => !light.test(name))).toEqual([]);
    expect(await finish(program.start(['--help']))).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
