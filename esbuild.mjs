// Builds dist/ from TypeScript: the command line, the CDK app and construct, the Lambda functions, and the tools.
import { rmSync } from 'node:fs';
import {
  buildCdkParts,
  buildCommandLine,
  buildFunctions,
  buildTools,
  writeCdkTypes,
  writeNotices,
} from './tools/build/build.mjs';

const DIST = 'dist';
rmSync(DIST, { recursive: true, force: true });
const [line, cdk, functions] = await Promise.all([
  buildCommandLine(DIST),
  buildCdkParts(DIST),
  buildFunctions(DIST),
  buildTools(DIST),
]);
await writeCdkTypes(DIST);
await writeNotices(DIST, [line.sources, cdk.metafile, ...functions]);
