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

it('packs nothing where no program was built, and says what builds it', () => {
  const { status, stderr } = manifest('publish');
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'There is no dist/crawlwatch.js to pack: run npm ci first, which builds it.\n',
  });
  expect(packageJson()).toBe(OWN);
});

it('leaves scripts and packages of development out while packing, and puts them back', () => {
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist', 'crawlwatch.js'), '');
  expect(manifest('publish').status).toBe(0);
  expect(JSON.parse(packageJson())).toEqual({ name: 'some' });
  expect(manifest('restore').status).toBe(0);
  expect(packageJson()).toBe(OWN);
});
