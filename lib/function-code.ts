/** The code of a Lambda function: bundled when crawlwatch is built (tools/build/options.mjs), so that synth needs no esbuild. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';

/** Beside this module in the package, and in dist/ where the sources run. */
const PLACES = ['functions/', '../dist/functions/'];

/** @throws Error where crawlwatch isn't built */
export function functionCode(name: 'check' | 'remedy' | 'widget'): AssetCode {
  const folders = PLACES.map((place) => fileURLToPath(new URL(`${place}${name}`, import.meta.url)));
  const folder = folders.find((one) => ['index.js', 'index.mjs'].some((file) => existsSync(`${one}/${file}`)));
  if (folder === undefined) throw new Error(`the code of the ${name} function is not built: run npm run build`);
  return Code.fromAsset(folder);
}
