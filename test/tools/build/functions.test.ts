import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRemedy } from '../../../tools/build/build.mjs';
import { withEarlyImports } from '../../../tools/build/early-imports.mjs';

/** Lambda reads these at each cold start. */
const START_BYTES = 600_000;

describe('the files of the remedy function', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-remedy-'));
  let outputs: Map<string, Metafile['outputs'][string]>;
  /** By file, the packages that it holds a part of. */
  let packages: Map<string, ReadonlySet<string>>;
  beforeAll(async () => {
    const { sources, files } = await buildRemedy(folder);
    const byName = (metafile: Metafile) =>
      new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
    const chunks = byName(sources);
    const packageOf = (source: string) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? [];
    outputs = byName(files);
    packages = new Map(
      [...outputs].map(([file, { inputs }]) => {
        const held = Object.keys(inputs).flatMap((input) => {
          const chunk = chunks.get(basename(input.replace(/^chunk:/, '')));
          return Object.keys(chunk?.inputs ?? {});
        });
        return [file, new Set(held.flatMap(packageOf))];
      }),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const atStart = (file = 'index.mjs', seen = new Set<string>()): Set<string> => {
    if (seen.has(file) || !outputs.has(file)) return seen;
    seen.add(file);
    for (const { kind, path } of outputs.get(file)?.imports ?? []) {
      if (kind === 'import-statement') atStart(basename(path), seen);
    }
    return seen;
  };
  const packagesIn = (files: Iterable<string>) => [...files].flatMap((file) => [...(packages.get(file) ?? [])]);

  it('come to at most 0.6 MB of what is loaded at start', () => {
    const bytes = [...atStart()].reduce((sum, file) => sum + (outputs.get(file)?.bytes ?? 0), 0);
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThanOrEqual(START_BYTES);
  });

  it('hold SSH, mail and the files of the bucket, none of it loaded at start', () => {
    const late = ['ssh2', '@aws-sdk/client-sns', '@aws-sdk/client-eventbridge', '@aws-sdk/client-s3'];
    expect(packagesIn(atStart())).toContain('@aws-sdk/client-ec2');
    expect(packagesIn(atStart()).filter((name) => late.includes(name))).toEqual([]);
    expect(packagesIn(outputs.keys())).toEqual(expect.arrayContaining(late));
  });

  it('are all in its folder, under names that the package holds', () => {
    expect(readdirSync(folder).toSorted()).toEqual([...outputs.keys()].toSorted());
    expect([...outputs.keys()].filter((file) => !file.endsWith('.mjs'))).toEqual([]);
  });

  it('hold no credentials provider but that of the environment', () => {
    const providers = packagesIn(outputs.keys()).filter((name) => /credential-provider-/.test(name));
    expect([...new Set(providers)]).toEqual(['@aws-sdk/credential-provider-env']);
  });
});

describe('in a program of one file', () => {
  it('what sources import when they need it is imported at the start', () => {
    const source = `async function go() {\n  const { a, b } = await import('../x/index.ts');\n  return a(b, (await import('../y/index.ts')).c);\n}`;
    expect(withEarlyImports(source, 'go.ts')).toBe(
      `import { a as early_a } from '../x/index.ts'; import { b as early_b } from '../x/index.ts'; import { c as early_c } from '../y/index.ts';async function go() {\n  const a = early_a; const b = early_b;\n  return a(b, early_c);\n}`,
    );
  });

  it('an import that is written in another way fails the build', () => {
    const source = "const all = await import('../x/index.ts');";
    expect(() => withEarlyImports(source, 'go.ts')).toThrow(/^go\.ts: expected const \{ NAMES \} = .* got import/);
  });
});
