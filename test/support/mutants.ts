/**
 * The check and the remedy function with one rule of evidence, breaker or guards removed: the same fleets must then show
 * what that rule is for. Each is built by esbuild from the sources as they are, with one text replaced.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

export interface Mutant {
  readonly rule: string;
  /** Under lambda/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The months show it sooner than the rows. */
  readonly monthsFirst?: true;
  /** What else prevents the same: either would be enough. */
  readonly also?: Omit<Mutant, 'rule' | 'also' | 'monthsFirst'>;
}

const LAMBDA = resolve(import.meta.dirname, '../../lambda');
/** Where Node finds the packages from, and git looks for nothing. */
const BUILT = resolve(import.meta.dirname, '../../node_modules/.cache/mutants');

/**
 * Not here, since something else holds as well: the guard that asks for a fresh check (an answer leaves no evidence), a
 * whole fleet that fails (its Region is a failure domain), and what was measured before a reboot (test/lambda/flag).
 */
export const MUTANTS: readonly Mutant[] = [
  {
    rule: 'usual traffic speaks against a hang',
    file: 'flag/evidence/hypervisor.ts',
    from: 'if (working !== undefined && !isStale) {',
    to: 'if (false) {',
  },
  {
    rule: 'a quiet processor is only circumstantial',
    file: 'flag/evidence/hypervisor.ts',
    from: 'return { isAwaited, circumstantial: [text, ...exhausted], notes };',
    to: 'return { isAwaited, direct: [text], notes };',
  },
  {
    rule: 'thrashing is direct evidence',
    file: 'flag/evidence/hypervisor.ts',
    from: 'if (pairs(since).some(',
    to: 'if (false && pairs(since).some(',
  },
  {
    rule: 'metrics that are late are waited for, by a flag',
    file: 'flag/plan.ts',
    from: 'if (awaits !== null && ',
    to: 'if (false && awaits !== null && ',
  },
  {
    rule: 'a processor that is always busy says nothing',
    file: 'flag/evidence/hypervisor.ts',
    from: 'const BUSY_CPU_USUAL = 85;',
    to: 'const BUSY_CPU_USUAL = 101;',
  },
  {
    rule: 'an answer over the other transport speaks against a hang',
    file: 'flag/evidence/other-transport.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a piece of source
    from: 'against: [`over ${way} ${text}`], ',
    to: '',
  },
  {
    rule: 'two roads that both reached nothing are only circumstantial',
    file: 'flag/evidence/other-transport.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a piece of source
    from: ': { circumstantial: [`${text}, though neither way reached it`], notes };',
    to: ': { direct: [text], notes };',
  },
  {
    rule: 'a processor that is busy on a host that was not reached is not enough for an automatic reboot',
    file: 'flag/evidence/hypervisor.ts',
    from: 'const flagsOnly = !(isPresent && reached && ',
    to: 'const flagsOnly = !(isPresent || ',
  },
  {
    rule: 'a command that the agent never took is not enough for an automatic reboot',
    file: 'flag/evidence/other-transport.ts',
    from: 'flagsOnly: !hasAgentTaken(t, other),',
    to: '',
  },
  {
    rule: "kills within a memory cgroup are not the machine's",
    file: 'flag/evidence/console.ts',
    from: "scope !== 'global') return false;",
    to: 'false) return false;',
  },
  {
    rule: 'kills of before the last answer say nothing',
    file: 'flag/evidence/console.ts',
    from: 'return at > lastAnswer.getTime() && at <= latest;',
    to: 'return at <= latest;',
  },
  {
    rule: 'kills of an earlier boot say nothing',
    file: 'flag/evidence/console.ts',
    from: "if (seconds < up - 1 || line.includes('Linux version ')) begin();",
    to: 'if (false) begin();',
  },
  {
    rule: 'low memory at the last answer is no evidence',
    file: 'flag/evidence/last-figures.ts',
    from: 'if (lastGood.memory * 100 <= memory.exhaustedPercent) {',
    to: 'if (lastGood.memory * 100 <= memory.warningPercent) {',
  },
  {
    rule: 'memory that was gone is only circumstantial',
    file: 'flag/evidence/last-figures.ts',
    from: 'return { circumstantial: [`its memory at',
    to: 'return { direct: [`its memory at',
  },
  {
    rule: 'what was reached and what was not are judged differently',
    file: 'flag/plan.ts',
    from: 'if (!reached) {',
    to: 'if (false) {',
  },
  {
    rule: 'failure domains',
    file: 'flag/domains.ts',
    from: 'if (members < MEMBERS_LEAST) return [];',
    to: 'if (members >= 0) return [];',
  },
  {
    rule: "the fleet's breaker, in both its measures: of the last half hour, and of what began together however long ago",
    file: 'flag/breaker.ts',
    from: 'if (recent.length > limit) {',
    to: 'if (false) {',
    also: {
      file: 'flag/plan.ts',
      from: 'if (others + 1 > failures.limit && !isDirect) {',
      to: 'if (false) {',
    },
  },
  {
    rule: 'a fleet of one or two has nothing to be compared with',
    file: 'flag/plan.ts',
    from: 'if (failures.members < COMPARABLE) {',
    to: 'if (false) {',
  },
  {
    rule: 'a silent agent that is the only way is ambiguous',
    file: 'flag/plan.ts',
    from: 'if (isAmbiguous(t, evidence) && ',
    to: 'if (false && ',
  },
  {
    rule: 'an automatic reboot needs direct evidence',
    file: 'remedy/guards.ts',
    from: 'if (direct.length > 0) return null;',
    to: 'return null;',
  },
  {
    rule: 'evidence against forbids an automatic reboot',
    file: 'remedy/guards.ts',
    from: 'if (refuting !== undefined) return held(',
    to: 'if (false) return held(',
  },
  {
    rule: 'what is not known yet forbids an automatic reboot',
    file: 'remedy/guards.ts',
    from: 'if (missing !== undefined) return held(',
    to: 'if (false) return held(',
  },
  {
    rule: 'one reboot in flight, and 15 minutes apart',
    monthsFirst: true,
    file: 'remedy/guards.ts',
    from: "['in-flight', inFlight],",
    to: '',
    also: { file: 'remedy/guards.ts', from: "['spacing', onReboot(tooClose)],", to: '' },
  },
  {
    rule: 'the budget of a host',
    monthsFirst: true,
    file: 'remedy/guards.ts',
    from: "['budget', budgetSpent],",
    to: '',
  },
];

/** @throws where a text is not there once: the rule has moved, and this table with it */
function replaced({ rule, also, monthsFirst: _, ...own }: Mutant, path: string): string | null {
  const edits = [own, ...(also === undefined ? [] : [also])].filter(({ file }) => path === join(LAMBDA, file));
  if (edits.length === 0) return null;
  let source = readFileSync(path, 'utf8');
  for (const { file, from, to } of edits) {
    const parts = source.split(from);
    if (parts.length !== 2) throw new Error(`${rule}: ${file} has its text ${parts.length - 1} times`);
    source = parts.join(to);
  }
  return source;
}

type Entry = typeof import('./mutant-entry.ts');

/** The simulator over the code without this rule; null: the code as it is. */
export async function withoutRule(mutant: Mutant | null, name: string): Promise<Entry> {
  mkdirSync(BUILT, { recursive: true });
  const outfile = join(BUILT, `${name}-${process.pid}.mjs`);
  const changes: Plugin = {
    name: 'mutant',
    setup({ onLoad }) {
      if (mutant === null) return;
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = replaced(mutant, path);
        return contents === null ? null : { contents, loader: 'ts' };
      });
    },
  };
  await build({
    entryPoints: [resolve(import.meta.dirname, 'mutant-entry.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    loader: { '.sh': 'text' },
    logLevel: 'silent',
    plugins: [changes],
  });
  return import(/* @vite-ignore */ pathToFileURL(outfile).href);
}
