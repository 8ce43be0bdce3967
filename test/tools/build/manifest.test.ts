import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const MANIFEST = join(import.meta.dirname, '..', '..', '..', 'tools', 'build', 'manifest.mjs');
const OWN = '{"name":"some","scripts":{"prepare":"x"},"devDependencies":{"y":"1"}}';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-manifest-'));
  writeFileSync(join(folder, 'package.json'), OWN);
});
afterEach(() => rmSync(folder, { recursive: true }));

const manifest = (what: string) => spawnSync(process.execPath, [MANIFEST, what], { cwd: folder, encoding: 'utf8' });
const packageJson = () => readFileSync(join(folder, 'package.json'), 'utf8');

const builds = (text: string) => {
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'esbuild.mjs'), text);
};

it('packs nothing where there is nothing to build with, and says what installs it', () => {
  const { status, stderr } = manifest('publish');
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'There is nothing to build the package with: run npm ci first.\n',
  });
  expect(packageJson()).toBe(OWN);
});

it('packs nothing where the build fails', () => {
  builds("console.error('no zod'); process.exit(1);");
  const { status, stderr } = manifest('publish');
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'no zod\nThe package could not be built: where a package is missing, run npm ci.\n',
  });
  expect(packageJson()).toBe(OWN);
});

it('builds what is packed, whatever an earlier checkout has left in dist', () => {
  builds("import { writeFileSync } from 'node:fs'; writeFileSync('dist/crawlwatch.js', 'new'); console.log('built');");
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist', 'crawlwatch.js'), 'old');
  // Standard output is npm's.
  expect(manifest('publish')).toMatchObject({ status: 0, stdout: '' });
  expect(readFileSync(join(folder, 'dist', 'crawlwatch.js'), 'utf8')).toBe('new');
});

it('leaves scripts and packages of development out while packing, and puts them back', () => {
  builds('');
  expect(manifest('publish').status).toBe(0);
  expect(JSON.parse(packageJson())).toEqual({ name: 'some' });
  expect(manifest('restore').status).toBe(0);
  expect(packageJson()).toBe(OWN);
});
