/**
 * The package's own package.json, for as long as `npm pack` runs: without the scripts and packages of development. An
 * install script that is never run would be warned of at each install.
 *
 * Usage: manifest.mjs publish | restore
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const MANIFEST = 'package.json';
const OWN = '.package.json.own';

// One that a broken run left behind is the true one.
if (existsSync(OWN)) renameSync(OWN, MANIFEST);
if (process.argv[2] === 'publish') {
  const text = readFileSync(MANIFEST, 'utf8');
  writeFileSync(OWN, text);
  const { scripts: _scripts, devDependencies: _packages, ...rest } = JSON.parse(text);
  writeFileSync(MANIFEST, `${JSON.stringify(rest, null, 2)}\n`);
}
