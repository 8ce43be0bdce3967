// Builds dist/ from TypeScript: the command line, the CDK app and construct, the Lambda functions, and the tools.
import { rmSync } from 'node:fs';
import { buildCdkParts, buildCommandLine, buildFunctions, buildTools, writeCdkTypes } from './tools/build/build.mjs';

rmSync('dist', { recursive: true, force: true });
await Promise.all([buildCommandLine('dist'), buildCdkParts('dist'), buildFunctions('dist'), buildTools('dist')]);
await writeCdkTypes('dist');
