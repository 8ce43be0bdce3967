/** How each program is built by esbuild: the command line, the CDK parts, the Lambda functions and the tools. */
import { resolve } from 'node:path';
import { earlyImports } from './early-imports.mjs';
import { lateUnicode } from './late-unicode.mjs';
import { sdkSchemas } from './sdk-schemas.mjs';
import { straightImports } from './straight-imports.mjs';

/** ssh2's native parts are optional, and would be built for one kind of machine alone. */
const NATIVE = ['cpu-features', '*.node'];
/** Of the CDK app that the construct goes into: there can be only one copy of them. */
const CDK = ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs'];

/** ssh2's client brings SFTP along, 50 kB, which is used by who asks for it alone: nothing here does. */
const withoutSftp = {
  name: 'without-sftp',
  setup(build) {
    build.onLoad({ filter: /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]SFTP\.js$/ }, () => ({
      contents: 'module.exports = { SFTP: class SFTP {} };',
    }));
  },
};

/**
 * ssh2's own index brings a server and HTTP agents along, for which Node loads `http`, `https` and `tls`: 10 ms of CPU. What
 * logs in needs neither; the demo's hosts are ssh2's server.
 */
const ssh2AsClient = {
  name: 'ssh2-as-client',
  setup(build) {
    build.onResolve({ filter: /^ssh2$/ }, ({ importer }) =>
      /[\\/]sandbox[\\/]/.test(importer) ? undefined : { path: resolve('tools/build/ssh2-client.cjs') },
    );
  },
};

/** What is imported only when it is needed stays where it is. */
const withoutLaterImports = {
  name: 'without-later-imports',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/** dist/package.json makes a .js file a script: the command is one, since Node starts an ES module more slowly. */
const MODULES = { '.js': '.mjs' };

const PROGRAM = {
  bundle: true,
  plugins: [straightImports, lateUnicode, sdkSchemas],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  loader: { '.sh': 'text' },
  legalComments: 'none',
  logLevel: 'error',
  metafile: true,
};

/** Some packages are CommonJS: they load Node's modules by require(), and one asks where it is. */
export const REQUIRE = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname;",
};

/** The command line with everything that it needs, in chunks that few-files.mjs joins. */
export const commandLine = (entryPoints, outdir) => ({
  ...PROGRAM,
  entryPoints,
  outdir,
  splitting: true,
  external: NATIVE,
  plugins: [...PROGRAM.plugins, ssh2AsClient, withoutSftp],
  // Smaller, and only the used part is left.
  mainFields: ['module', 'main'],
  minify: true,
  sourcemap: 'inline',
  sourcesContent: false,
});

/** What the second passes over chunks have in common. */
const JOINED = {
  platform: 'node',
  external: NATIVE,
  banner: REQUIRE,
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
};

/** The second pass over the command line's chunks, for few-files.mjs; scripts.mjs writes what it makes. */
export const commandLineFiles = (outdir) => ({
  ...JOINED,
  banner: {},
  outdir,
  target: 'node20',
  write: false,
  sourcemap: 'inline',
  sourcesContent: false,
  entryNames: 'chunks/[name]',
  chunkNames: 'chunks/[name]-[hash]',
});

/** What the package's command names: it prints a help, or loads the files that scripts.mjs has written. */
export const starter = (outdir, { first, build }) => ({
  ...PROGRAM,
  entryPoints: { crawlwatch: 'bin/start.ts' },
  outdir,
  format: 'cjs',
  define: { FIRST: JSON.stringify(first), BUILD: JSON.stringify(build) },
  minify: true,
});

/** The command line's grammar alone, for its help: what the commands do is loaded only when they run. */
export const grammar = (entryPoints, outdir) => ({
  ...PROGRAM,
  entryPoints,
  outdir,
  external: NATIVE,
  outExtension: MODULES,
  banner: REQUIRE,
  plugins: [...PROGRAM.plugins, withoutLaterImports],
});

/** What a CDK app imports. */
export const construct = (entryPoints, outdir) => ({
  ...PROGRAM,
  entryPoints,
  outdir,
  external: [...NATIVE, ...CDK],
  outExtension: MODULES,
  banner: REQUIRE,
  minifyWhitespace: true,
});

/**
 * The CDK app. CommonJS, which finds the CDK by NODE_PATH too: `crawlwatch deploy` has it from npx, outside of the
 * package's own folder.
 */
export const cdkApp = (entryPoints, outdir) => ({
  ...construct(entryPoints, outdir),
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': '__moduleUrl' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
});

/** Programs for developers: packages stay in node_modules. */
export const tools = (entryPoints, outdir) => ({
  ...PROGRAM,
  entryPoints,
  outdir,
  splitting: true,
  packages: 'external',
  outExtension: MODULES,
  chunkNames: 'tools/[name]-[hash]',
  sourcemap: true,
});

const FOR_FUNCTIONS = [withoutSftp, sdkSchemas];

/** What ours are compared with: as esbuild's page on Node has it, https://esbuild.github.io/getting-started/#bundling-for-node */
export const plainFunction = (entry, outfile) => ({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node24',
  external: NATIVE,
  loader: { '.sh': 'text' },
  logLevel: 'error',
});

/**
 * Functions of one file each, SDK included, which Lambda reads at each cold start. CommonJS, as ssh2 needs. From the
 * SDK's ES modules: smaller, and loaded in half the time.
 */
export const functions = (entryPoints, outdir) => ({
  entryPoints,
  outdir,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  plugins: [earlyImports, ...FOR_FUNCTIONS],
  external: NATIVE,
  mainFields: ['module', 'main'],
  // Each of the SDK's clients reads its version from its package.json, for the User-Agent alone, and would bring all of it
  // along: 24 kB of the check's.
  loader: { '.sh': 'text', '.json': 'empty' },
  alias: {
    '@aws-sdk/credential-provider-node': './lambda/kit/environment-credentials.ts',
    'bcrypt-pbkdf': './lambda/kit/no-passphrases.ts',
    // Its own files are named as they are: an alias also holds for what is below it.
    'ssh2/lib': 'ssh2/lib',
    ssh2: './tools/build/ssh2-client.cjs',
  },
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
  metafile: true,
});

/**
 * A function that seldom needs much of its code: index.mjs loads at start what every run needs, and the other files when
 * they are first needed. ES modules, since esbuild splits no others (https://esbuild.github.io/api/#splitting).
 */
export const functionInParts = (entry, outdir) => {
  const options = functions({ index: entry }, outdir);
  return {
    ...options,
    format: 'esm',
    splitting: true,
    plugins: [straightImports, ...FOR_FUNCTIONS],
    outExtension: { '.js': '.mjs' },
  };
};

/** The second pass over a function's chunks, for few-files.mjs. */
export const functionFiles = (outdir) => ({
  ...JOINED,
  outdir,
  target: 'node24',
  outExtension: { '.js': '.mjs' },
  chunkNames: '[name]-[hash]',
});
