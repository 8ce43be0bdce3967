/**
 * The package's own package.json, for as long as `npm pack` runs: without the scripts and packages of development. An
 * install script that is never run would be warned of at each install.
 *
 * Usage: manifest.mjs publish | restore
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const MANIFEST = 'package.json';
const OWN = '.package.json.own';
const PROGRAM = 'dist/crawlwatch.js';

// One that a broken run left behind is the true one.
if (existsSync(OWN)) renameSync(OWN, MANIFEST);
if (process.argv[2] === 'publish') {
  if (!existsSync(PROGRAM)) {
    // npm would pack what is there, and install a command that does not exist.
    process.stderr.write(`There is no ${PROGRAM} to pack: run npm ci first, which builds it.\n`);
    process.exit(1);
  }
  const text = readFileSync(MANIFEST, 'utf8');
  writeFileSync(OWN, text);
  const { scripts: _scripts, devDependencies: _packages, ...rest } = JSON.parse(text);
  writeFileSync(MANIFEST, `${JSON.stringify(rest, null, 2)}\n`);
}
