/** That biome.json reports what the layout forbids, shown on a small tree that breaks each of its rules. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const BIOME = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** What Biome reports of these files under the project's own rules: `FILE RULE`. */
function reported(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-lint-'));
  folders.push(folder);
  copyFileSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
  writeFileSync(join(folder, '.gitignore'), 'node_modules/\n');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const words = [BIOME, 'lint', '--reporter=json', '--max-diagnostics=none', '--error-on-warnings'];
  const { stdout, status } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { category: string; location: { path: string | { file: string } } }[];
  };
  expect(status).toBe(diagnostics.length === 0 ? 0 : 1);
  return diagnostics
    .map(({ category, location: { path } }) => {
      const file = typeof path === 'string' ? path : path.file;
      return `${file} ${category.split('/').at(-1)}`;
    })
    .toSorted();
}

const CLEAN = {
  'lambda/kit/index.ts': "export { one } from './one.ts';\n",
  'lambda/kit/one.ts': 'export const one = 1;\n',
  'lambda/flag/ec2.ts':
    "import { EC2Client } from '@aws-sdk/client-ec2';\n\nexport const client = new EC2Client({});\n",
  'lambda/flag/index.ts': "export { client } from './ec2.ts';\nexport { two } from './plan.ts';\n",
  'lambda/flag/plan.ts': "import { one } from '../kit/index.ts';\n\nexport const two = one + one;\n",
  'lambda/ssh/transport.ts': "import { Client } from 'ssh2';\n\nexport const client = new Client();\n",
};

it('reports nothing of a tree that keeps the rules', () => {
  expect(reported(CLEAN)).toEqual([]);
});

it('reports each rule that is broken, where it is broken', () => {
  const pure = (from: string) => `import { thing } from '${from}';\n\nexport const it = thing;\n`;
  const broken = {
    'lambda/judge/a.ts': "import { b } from './b.ts';\n\nexport const a = (): number => b;\n",
    'lambda/judge/b.ts': "import { a } from './a.ts';\n\nexport const b = a();\n",
    'lambda/report/c.ts': "import type { D } from './d.ts';\n\nexport type C = D | null;\n",
    'lambda/report/d.ts': "import type { C } from './c.ts';\n\nexport type D = { readonly c: C };\n",
    'lambda/alert/past-index.ts': pure('../kit/one.ts').replaceAll('thing', 'one'),
    'lambda/alert/with-sdk.ts': pure('@aws-sdk/client-sns'),
    'lambda/alert/with-ssh.ts': pure('ssh2'),
    'lambda/alert/with-node.ts': pure('node:fs'),
    'lambda/alert/with-bin.ts': pure('../../bin/app.ts'),
    'bin/watch/past-index.ts': pure('../../lambda/kit/one.ts').replaceAll('thing', 'one'),
  };
  expect(reported({ ...CLEAN, ...broken })).toEqual(
    [
      'bin/watch/past-index.ts noRestrictedImports',
      'lambda/alert/past-index.ts noPrivateImports',
      'lambda/alert/with-bin.ts noRestrictedImports',
      'lambda/alert/with-node.ts noRestrictedImports',
      'lambda/alert/with-sdk.ts noRestrictedImports',
      'lambda/alert/with-ssh.ts noRestrictedImports',
      'lambda/judge/a.ts noImportCycles',
      'lambda/judge/b.ts noImportCycles',
      'lambda/report/c.ts noImportCycles',
      'lambda/report/d.ts noImportCycles',
    ].toSorted(),
  );
});
