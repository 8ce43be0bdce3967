import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['bin', 'lib', 'lambda', 'sandbox'];

/** Which files may import which, first match wins; both are patterns over paths from the root. */
const MAY_IMPORT: readonly (readonly [RegExp, readonly RegExp[]])[] = [
  [/^bin\/app\.ts$/, [/^bin\//, /^lib\//, /^lambda\/(settings|names)/]],
  [/^bin\//, [/^bin\//, /^lambda\//, /^sandbox\//, /^package\.json$/]],
  [/^lib\//, [/^lib\//, /^lambda\/(settings|names|shards)/, /^lambda\/core\/(.*-script|cost)\.ts$/]],
  [/^lambda\/core\//, [/^lambda\/core\//, /^lambda\/(model|names|settings|shards)\.ts$/]],
  [/^lambda\/io\//, [/^lambda\/io\//, /^lambda\/(model|names|shards|check-fleet)\.ts$/]],
  [
    /^lambda\/(check-fleet|probe-fleet|shard-fleet)\.ts$/,
    [/^lambda\/core\//, /^lambda\/(check-fleet|probe-fleet|model|settings|shards)\.ts$/],
  ],
  [
    /^lambda\/(remedy-(fleet|act|tell|asides)|fresh-check)\.ts$/,
    [/^lambda\/core\//, /^lambda\/(check-fleet|probe-fleet|remedy-(fleet|act|tell|asides)|model|names|settings)\.ts$/],
  ],
  [/^lambda\/(.*-handler|.*-ports|targets)\.ts$/, [/^lambda\//]],
  [/^lambda\/acts\.ts$/, [/^lambda\/(model|reasons)\.ts$/]],
  [/^lambda\/model\.ts$/, [/^lambda\/(acts|names|reasons|vitals)\.ts$/]],
  [/^lambda\//, [/^lambda\/(names|model|settings.*)\.ts$/]],
  [/^sandbox\//, [/^sandbox\//, /^lambda\/(check-fleet|model|names|settings)\.ts$/]],
];

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name)),
);
const importsOf = (file: string): Import[] =>
  [
    ...readFileSync(join(ROOT, file), 'utf8').matchAll(
      /(?:^(?:import|export)( type)?[^;]*? from |import\()'([^']+)'/gm,
    ),
  ].map(([, type, specifier = '']) => ({
    file,
    target: specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier,
    typeOnly: type !== undefined,
  }));
const imports = files.flatMap(importsOf);
const isOurs = ({ target }: Import) => /^(bin|lib|lambda|sandbox|test)\/|^package\.json$/.test(target);
const told = (found: readonly Import[]) => found.map(({ file, target }) => `${file} -> ${target}`);

describe('the house', () => {
  it('has every import that this test is to judge', () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it('keeps each import in its direction', () => {
    const wrong = imports.filter(isOurs).filter(({ file, target }) => {
      const rule = MAY_IMPORT.find(([from]) => from.test(file));
      return rule === undefined || !rule[1].some((to) => to.test(target));
    });
    expect(told(wrong)).toEqual([]);
  });

  it('keeps core pure: no SDK, no ssh2, no Node, no process', () => {
    const impure = imports.filter(
      ({ file, target }) => /^lambda\/core\//.test(file) && /^(node:|@aws-|ssh2)/.test(target),
    );
    expect(told(impure)).toEqual([]);
    const core = files.filter((file) => file.startsWith('lambda/core/'));
    const dirty = core.filter((file) =>
      /\bprocess\.[a-z]|Date\.now|new Date\(\)/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(dirty).toEqual([]);
  });

  it('lets io know of the pipeline only its types', () => {
    const wrong = imports.filter(
      ({ file, target, typeOnly }) => /^lambda\/io\//.test(file) && target === 'lambda/check-fleet.ts' && !typeOnly,
    );
    expect(told(wrong)).toEqual([]);
  });

  it('spells the environment of the functions in one file', () => {
    const spell = files.filter((file) => /CRAWLWATCH_[A-Z]+'/.test(readFileSync(join(ROOT, file), 'utf8')));
    expect(spell).toEqual(['lambda/names.ts']);
  });

  it('keeps every file under 250 lines', () => {
    const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const all = [...files, ...tests.map((name) => join('test', name))];
    const long = all.filter((file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 251);
    expect(long.map((file) => relative('.', file))).toEqual([]);
  });
});
