/**
 * What `npm pack` packs. It builds first: npm would run `prepare`, but not where the scripts are left out, and what an
 * earlier checkout had built would be packed. Then the package's own package.json, for as long as it runs, without the
 * scripts and packages of development: an install script that is never run would be warned of at each install.
 *
 * Usage: manifest.mjs publish | restore
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const MANIFEST = 'package.json';
const OWN = '.package.json.own';
const MODULES = 'node_modules';

// One that a broken run left behind is the true one.
if (existsSync(OWN)) renameSync(OWN, MANIFEST);
if (process.argv[2] === 'publish') {
  if (!existsSync(MODULES)) {
    process.stderr.write('There is nothing to build the package with: run npm ci first.\n');
    process.exit(1);
  }
  // On standard output npm prints the name of the tarball alone.
  const built = spawnSync(process.execPath, ['esbuild.mjs'], { stdio: ['ignore', 2, 2] });
  if (built.status !== 0) {
    process.stderr.write('The package could not be built: where a package is missing, run npm ci.\n');
    process.exit(1);
  }
  const text = readFileSync(MANIFEST, 'utf8');
  writeFileSync(OWN, text);
  const { scripts: _scripts, devDependencies: _packages, ...rest } = JSON.parse(text);
  writeFileSync(MANIFEST, `${JSON.stringify(rest, null, 2)}\n`);
}
