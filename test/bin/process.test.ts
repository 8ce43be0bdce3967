/** The built program as a process of its own: streams, signals, exit codes, and what it loads. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HelpTexts } from '../../bin/help/index.ts';
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
  const entry = relative(process.cwd(), join(dirname(program.path), 'chunks', 'crawlwatch.js'));
  expect(sourcesIn(program.files, entry)).toContain('bin/crawlwatch.ts');
  visit(entry);
  return [...loaded].sort();
}

const preparedTexts = () =>
  JSON.parse(readFileSync(join(dirname(program.path), 'chunks', 'help.json'), 'utf8')) as HelpTexts;

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

  it.each(['check --local', '--help'])('ends silently when its reader has gone: %s', async (line) => {
    const child = program.start(line.split(' '));
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
  it.runIf(existsSync('/dev/full')).each(['probe', '--help'])(
    'says that its output could not be written: %s',
    async (word) => {
      const words = [process.execPath, program.path, word];
      const child = spawn('sh', ['-c', '"$@" >/dev/full', 'sh', ...words], { cwd: program.home, env: program.env });
      expect(await finish(child)).toMatchObject({
        exitCode: 3,
        stderr: "crawlwatch: can't write the output: ENOSPC: no space left on device, write\n",
      });
    },
  );

  // Ansible refuses to start where they don't block, which Node has a pipe do for all who share it. Linux says it in /proc.
  it.runIf(process.platform === 'linux').each(['check -i - --list-hosts', 'check --from -'])(
    'leaves the outputs that it shares with the program before it in a pipe as they were: %s',
    async (line) => {
      const ready = join(program.home, 'ready');
      rmSync(ready, { force: true });
      const mark = `import fs from 'node:fs';
        const timer = setInterval(() => {
          if (process.stdin.listenerCount('readable') === 0) return;
          fs.writeFileSync(${JSON.stringify(ready)}, '');
          clearInterval(timer);
        }, 20);`;
      const writer = `until [ -e "$READY" ]; do sleep 0.05; done
        for fd in 2 3; do grep ^flags: /proc/self/fdinfo/$fd >&2; done; echo web1`;
      const words = [process.execPath, program.path, ...line.split(' ')];
      const child = spawn('sh', ['-c', `exec 3>&1; { ${writer}; } | "$@"`, 'sh', ...words], {
        cwd: program.home,
        env: {
          ...program.env,
          READY: ready,
          NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(mark)}`,
        },
      });
      const { stdout, stderr } = await finish(child);
      expect(stdout).toMatch(/web1|Unparsable/);
      const flags = [...stderr.matchAll(/^flags:\s*(\d+)$/gm)].map(([, octal = '']) => Number.parseInt(octal, 8));
      expect(flags.map((some) => some & constants.O_NONBLOCK)).toEqual([0, 0]);
    },
  );

  it.runIf(process.platform === 'linux')('prints all of its help to a full pipe that doesn’t block', async () => {
    const pipe = join(program.home, 'pipe');
    execFileSync('mkfifo', [pipe]);
    // What starts a process makes its outputs block: it opens this one itself, and fills it.
    const fill = `import fs from 'node:fs';
      fs.closeSync(1);
      fs.openSync(${JSON.stringify(pipe)}, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
      try { for (;;) fs.writeSync(1, '.'.repeat(4096)); } catch (error) { process.stderr.write(error.code); }`;
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const child = program.start(['--help'], {
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(fill)}`,
    });
    const read: Buffer[] = [];
    const drain = () => {
      const part = Buffer.alloc(65_536);
      try {
        for (let size = 1; size > 0; ) {
          size = readSync(reader, part);
          read.push(Buffer.from(part.subarray(0, size)));
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'EAGAIN' });
      }
    };
    let draining: NodeJS.Timeout | undefined;
    child.stderr?.once('data', () => {
      draining = setInterval(drain, 100);
    });
    const { exitCode, stderr } = await finish(child);
    clearInterval(draining);
    drain();
    closeSync(reader);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'EAGAIN' });
    expect(Buffer.concat(read).toString().replace(/^\.+/, '')).toBe(preparedTexts().help['']);
  });

  it('prints as help what the parser would', async () => {
    const { version, help } = preparedTexts();
    const differing = async (texts: Readonly<Record<string, string>>) => {
      const found: string[] = [];
      for (const [command, text] of Object.entries(texts)) {
        const words = command === '' ? [] : command.split(' ');
        // Only the parser knows --no-color.
        for (const more of [['--help'], ['--no-color', '--help']]) {
          const ran = await finish(program.start([...words, ...more]));
          if (ran.stdout !== text || ran.exitCode !== 0 || ran.stderr !== '')
            found.push(`${command} ${more.join(' ')}`);
        }
      }
      return found;
    };
    expect(Object.keys(help).length).toBeGreaterThan(20);
    expect(await differing(help)).toEqual([]);
    expect(await differing({ check: `${help.check} ` })).toEqual(['check --help', 'check --no-color --help']);
    for (const word of ['-v', '--version'])
      expect(await finish(program.start([word]))).toMatchObject({ stdout: version });
  });

  it('loads no SDK, no SSH and no schema to show its help', async () => {
    const light =
      /^node:|^package\.json$|^node_modules\/commander\/|^lambda\/(kit|model)\/|^bin\/(commands\/|terminal\/|help\/|crawlwatch\.ts)/;
    expect(loadedAtStart().filter((name) => !light.test(name))).toEqual([]);
    expect(await finish(program.start(['--help']))).toMatchObject({ exitCode: 0, stderr: '' });
  });

  const cacheOf = (env: NodeJS.ProcessEnv) => {
    const folder = join(env.XDG_CACHE_HOME ?? '', 'crawlwatch');
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  };
  /** An empty cache, which the other tests have no part in. */
  const ownCache = () => ({ XDG_CACHE_HOME: mkdtempSync(join(program.home, 'cache-')) });
  const list = ['check', '--host', 'web1', '--list-hosts'];

  it('keeps compiled code for the next run, and prints nothing about it', async () => {
    const env = ownCache();
    const runs = [];
    for (let n = 0; n < 3; n += 1) runs.push(await finish(program.start(list, env)));
    expect(runs).toEqual(Array(3).fill({ exitCode: 0, stdout: 'web1\n', stderr: '' }));
    expect(cacheOf(env)).toHaveLength(1);
  });

  it('writes it once for what a command needs: no flag that V8 is given later makes it useless', async () => {
    const env = ownCache();
    const server = await rawServer((socket) => socket.resetAndDestroy());
    writeFileSync(join(program.home, 'key'), keyPair().private);
    const words = ['check', '--host', `127.0.0.1:${server.port}`, '--private-key', 'key', '-o', 'line'];
    const inodes = [];
    for (let n = 0; n < 3; n += 1) {
      expect(await finish(program.start(words, env))).toMatchObject({ exitCode: 2, stderr: '' });
      inodes.push(cacheOf(env).map((path) => statSync(path).ino));
    }
    await server.close();
    expect(inodes).toEqual(Array(3).fill([expect.any(Number)]));
    expect(new Set(inodes.flat()).size).toBe(1);
  });

  it('keeps none of a run that was interrupted, nor of a help', async () => {
    const env = ownCache();
    const silent = await rawServer(() => child.kill('SIGINT'));
    writeFileSync(join(program.home, 'key'), keyPair().private);
    const child = program.start(['check', '--host', `127.0.0.1:${silent.port}`, '--private-key', 'key'], env);
    expect(await finish(child)).toMatchObject({ exitCode: 130, stderr: '' });
    await silent.close();
    await finish(program.start(['--help'], env));
    expect(cacheOf(env)).toEqual([]);
  });

  const damages: readonly (readonly [string, (path: string) => void])[] = [
    ['is empty', (path) => writeFileSync(path, '')],
    ['is cut off', (path) => truncateSync(path, statSync(path).size >> 1)],
    ['is something else', (path) => writeFileSync(path, 'null\n')],
    ['is a folder', (path) => [rmSync(path), mkdirSync(path)]],
    ['has bytes that are not those that were written', (path) => writeFileSync(path, readFileSync(path).fill(7, 9000))],
  ];
  it.each(damages)('runs as well where its compiled code %s', async (_, damage) => {
    const env = ownCache();
    await finish(program.start(list, env));
    const [path = ''] = cacheOf(env);
    damage(path);
    expect(await finish(program.start(list, env))).toEqual({ exitCode: 0, stdout: 'web1\n', stderr: '' });
  });

  it.each([
    ['there is no home', { HOME: undefined }],
    ['the home doesn’t exist', { HOME: '/nonexistent/home' }],
    ['the cache can’t be written', { XDG_CACHE_HOME: '/proc' }],
    ['V8 compiles nothing to machine code', { NODE_OPTIONS: '--jitless' }],
  ])('runs as well where %s', async (_, env) => {
    for (let n = 0; n < 2; n += 1) {
      const child = spawn(process.execPath, [program.path, ...list], {
        cwd: program.home,
        env: { ...program.env, ...env },
      });
      const { stderr, ...ran } = await finish(child);
      expect(ran).toEqual({ exitCode: 0, stdout: 'web1\n' });
      // Node's own, of its own flags.
      expect(stderr.replace(/^Warning: disabling flag .*\n/, '')).toBe('');
    }
  });

  it('may run many times at once with an empty cache', async () => {
    const env = ownCache();
    const runs = await Promise.all(Array.from({ length: 6 }, () => finish(program.start(list, env))));
    expect(runs).toEqual(Array(6).fill({ exitCode: 0, stdout: 'web1\n', stderr: '' }));
    expect(cacheOf(env)).toHaveLength(1);
    expect(await finish(program.start(list, env))).toMatchObject({ exitCode: 0, stdout: 'web1\n' });
  });

  it('prints the trace of a bug, with the file and the place in it', async () => {
    // What no command expects of its environment.
    const broken = `process.cwd = () => { throw new Error('no such bug'); };`;
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(broken)}` };
    const { exitCode, stderr } = await finish(program.start(list, env));
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^crawlwatch: unexpected Error: no such bug\n/);
    expect(stderr).toMatch(/ \(file:\/\/\/.*\/chunks\/crawlwatch\.js:\d+:\d+\)/);
  });
});
