/** A page of the documentation whose commands are run in its order, each held against what it should show. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoMoto } from '../support/moto.ts';
import { commandsOf, exported, Typed } from '../support/readme-commands.ts';
import { ReadmeWorld, whyNoHosts } from './readme-world.ts';

/** Of a command that failed: the end of what it wrote. */
const SHOWN = 4_000;

/** How one command is run, and what must be seen. */
export interface Row {
  /** Default 0. */
  readonly exit?: number;
  readonly says: readonly RegExp[];
  readonly needs?: 'hosts' | 'account';
  readonly prepare?: (world: ReadmeWorld) => unknown;
  /** What has to be spelled otherwise here. */
  readonly spelled?: (command: string, world: ReadmeWorld) => string;
  /** On a terminal, and this question answered with y. */
  readonly asks?: RegExp;
  /** While it runs, on a terminal. */
  readonly during?: (typed: Typed, world: ReadmeWorld) => Promise<void>;
  readonly after?: (world: ReadmeWorld) => Promise<void>;
  /** Of an account of one's own: what stands before the README's own emulator. */
  readonly inOwnAccount?: boolean;
  /** Goes on behind the commands after it: to its own end, or to the end of all. */
  readonly meanwhile?: 'to its end' | 'for ever';
  /** What is done where this program is missing. */
  readonly orElse?: { readonly program: string; readonly by: (world: ReadmeWorld) => Promise<void> };
  /** Not run here, and where it is. */
  readonly elsewhere?: string;
}

/** With the id of the instance that there is. */
export const real = (command: string, { id }: ReadmeWorld) => command.replaceAll('i-0123456789abcdef0', id);
/** With the port that is free. */
export const ported = (command: string, { port }: ReadmeWorld) => command.replace(/\b5000\b/, String(port));

/** A reboot that is asked for, done and followed until the host answers in another boot. */
export const rebootsAndComesBack: Omit<Row, 'needs'> = {
  spelled: real,
  prepare: (world) => world.rememberOtherBoot(),
  asks: /\[y\/N\]/,
  during: async (typed, world) => {
    await typed.shows(/to come back/);
    world.hung = false;
    await world.check();
  },
  says: [/reboot: done: /, /came back within 1 min/],
};

export interface Page {
  readonly title: string;
  /** The working tree. */
  readonly root: string;
  /** Of the page, from there; of several pages, what they are called together. */
  readonly file: string;
  /** By command. */
  readonly rows: Readonly<Record<string, Row>>;
  /** In the order in which they are run; default: those of the file, in its prose too. */
  readonly commands?: readonly string[];
  /** Before the first command. */
  readonly begin?: (world: ReadmeWorld, hasAccount: boolean) => Promise<void>;
}

export function describePage({ title, root, file, rows, begin, ...given }: Page): void {
  const commands = given.commands ?? commandsOf(readFileSync(join(root, file), 'utf8'));
  const noHosts = whyNoHosts();
  const missing = { hosts: noHosts, account: whyNoMoto() ?? noHosts };
  for (const [what, why] of Object.entries(missing)) {
    if (why !== null) process.stderr.write(`\nSKIPPED, commands of ${file} that need ${what}: ${why}\n\n`);
  }

  describe(title, () => {
    let world: ReadmeWorld;
    const later: Promise<void>[] = [];
    beforeAll(async () => {
      world = new ReadmeWorld(root);
      world.settle();
      if (noHosts === null) await world.openHosts();
      await begin?.(world, missing.account === null);
    });
    afterAll(() => world.close());

    it('has no command that this test does not run, and this test none that it has not', () => {
      expect(Object.keys(rows).toSorted()).toEqual(commands.toSorted());
    });

    it.for(commands.filter((command) => rows[command]?.elsewhere === undefined))(
      'runs %s',
      async (command, { skip }) => {
        const row: Row = rows[command] ?? { says: [/nothing: it is not in the table/] };
        const why = row.needs === undefined ? null : missing[row.needs];
        if (why !== null) skip(why);
        await row.prepare?.(world);
        const line = row.spelled?.(command, world) ?? command;
        if (line.startsWith('export ')) {
          world.env = exported(line, world.env);
          await row.after?.(world);
          return;
        }
        const { orElse } = row;
        if (orElse !== undefined && spawnSync(orElse.program, ['--version']).error !== undefined) {
          process.stderr.write(`\nNOT RUN, since there is no ${orElse.program} here: ${line}\n\n`);
          await orElse.by(world);
          await row.after?.(world);
          return;
        }
        const typed = new Typed(line.replace(/ &$/, ''), {
          cwd: world.clone,
          env: { ...world.env, ...(row.inOwnAccount === true && world.ownAccount) },
          terminal: row.asks !== undefined || row.during !== undefined,
        });
        if (row.meanwhile === 'for ever') {
          for (const wanted of row.says) await typed.shows(wanted);
          await row.during?.(typed, world);
          return;
        }
        const seen = watched(row, typed, world);
        if (row.meanwhile === undefined) return seen;
        seen.catch(() => {});
        later.push(seen);
      },
    );

    it('has seen the end of what went on meanwhile', async () => {
      await Promise.all(later);
    });
  });
}

/** Types what it asks for, and holds it against what it should show. */
async function watched(row: Row, typed: Typed, world: ReadmeWorld): Promise<void> {
  if (row.asks !== undefined) {
    await typed.shows(row.asks);
    typed.type('y\n');
  }
  await row.during?.(typed, world);
  const exit = await typed.ended();
  const { output } = typed;
  expect(exit, output.slice(-SHOWN)).toBe(row.exit ?? 0);
  const unseen = row.says.filter((wanted) => !wanted.test(output));
  expect(unseen, output.slice(-SHOWN)).toEqual([]);
  await row.after?.(world);
}
