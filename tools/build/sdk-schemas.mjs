/**
 * An esbuild plugin: lets esbuild leave out the parts of the SDK's schemas that nothing uses.
 *
 * A client's schemas are arrays in one file, which refer to each other by functions. Nothing of them has an effect, but
 * where a key is written `[_eQN]`, with `const _eQN = "ec2QueryName"` above, esbuild must assume that making a string of it
 * may have one, and keeps the whole file: 556 kB of EC2's for eight calls. Here such a key becomes the string itself.
 *
 * The same file registers a class for each error that a service knows: 141 of SSM's. Over the JSON protocols an error
 * without a class of its own comes as the service's base class, with the same name, message and fields
 * (`getErrorSchemaOrThrowBaseException` in @aws-sdk/core), so those classes are not registered. The other protocols look up
 * an error's name by its class, and keep them.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const SCHEMAS = /[\\/]@aws-sdk[\\/]client-[a-z0-9-]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/;
const CONSTANT = /^const (_\w+) = ("[^"\\]*");$/gm;
const KEY = /([{,]\s*)\[(_\w+)\]: /g;
const COMPUTED = /[{,]\s*\[[^\]]*\]\s*:/;
const REGISTERED = /^(\w+)_registry\.registerError\((\w+)\$, (\w+)\);$/gm;
const PROTOCOL = /^\s*protocol: config\?\.protocol \?\? (\w+),$/m;
const BY_NAME = /^Aws(Json1_[01]|RestJson)Protocol$/;

class Unexpected extends Error {
  constructor(path, expected, got) {
    super(`${path}: expected ${expected}, got ${got}; adapt tools/build/sdk-schemas.mjs to this version of the SDK`);
  }
}

/** @throws Error where the file isn't written as expected: then esbuild would keep all of it without a word */
export function withPlainKeys(source, path) {
  const texts = new Map([...source.matchAll(CONSTANT)].map(([, name, text]) => [name, text]));
  const made = source.replace(KEY, (whole, before, name) => {
    const text = texts.get(name);
    return text === undefined ? whole : `${before}${text}: `;
  });
  const left = COMPUTED.exec(made)?.[0];
  if (texts.size > 0 && left === undefined) return made;
  const found = left === undefined ? 'no constants' : `the key ${JSON.stringify(left)}`;
  throw new Unexpected(path, 'schemas whose keys are constants of the file', found);
}

/**
 * @param config the client's runtimeConfig.shared.js, which names its protocol
 * @param errors its models/errors.js; an error that says of itself that it can be tried again keeps its class
 * @throws Error where these aren't written as expected
 */
export function withoutErrorClasses(source, { config, errors, path }) {
  const protocol = PROTOCOL.exec(config)?.[1];
  if (protocol === undefined) throw new Unexpected(path, 'a runtimeConfig.shared.js that names a protocol', 'none');
  if (!BY_NAME.test(protocol) || /awsQueryCompatible: true/.test(config)) return source;
  const retryable = new Set(
    errors
      .split(/^export class /m)
      .slice(1)
      .flatMap((one) => (/\$retryable/.test(one) ? [/^\w+/.exec(one)?.[0]] : [])),
  );
  let kept = 0;
  const made = source.replace(REGISTERED, (whole, registry, schema, error) => {
    if (schema !== error) throw new Unexpected(path, 'an error registered by its own schema', whole);
    const isBase = registry === '_s';
    if (isBase) kept += 1;
    return isBase || retryable.has(error) ? whole : '';
  });
  if (kept !== 1) throw new Unexpected(path, 'one base class of errors', String(kept));
  return made;
}

export const sdkSchemas = {
  name: 'sdk-schemas',
  setup(build) {
    let read = 0;
    build.onStart(() => {
      read = 0;
    });
    build.onLoad({ filter: SCHEMAS }, async ({ path }) => {
      read += 1;
      const client = dirname(dirname(path));
      const text = (name) => readFile(join(client, name), 'utf8');
      const config = await text('runtimeConfig.shared.js');
      const errors = await text(join('models', 'errors.js')).catch(() => '');
      const plain = withPlainKeys(await readFile(path, 'utf8'), path);
      return { contents: withoutErrorClasses(plain, { config, errors, path }) };
    });
    build.onEnd(({ metafile }) => {
      const hasClients = Object.keys(metafile?.inputs ?? {}).some((input) => /@aws-sdk\/client-[^/]+\//.test(input));
      if (hasClients && read === 0) {
        throw new Unexpected('@aws-sdk', 'schemas in dist-es/schemas/schemas_0.js of each client', 'none there');
      }
    });
  },
};
