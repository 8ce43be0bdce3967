import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createProgram } from '../../../bin/commands/program.ts';
import { appSettings } from '../../../bin/settings/index.ts';
import { SettingsError } from '../../../lambda/settings/index.ts';
import { settingsSchema } from '../../../lambda/settings/schema.ts';
import { type Planted, piecesOf, plantedSecrets } from '../../support/secrets.ts';
import { type BuiltProgram, builtProgram, finish } from '../built-program.ts';
import { crawlwatch } from '../command-line.ts';

const SECRETS = plantedSecrets();
const unseen = (planted: Planted, text: string) => {
  expect(
    piecesOf(planted).filter((piece) => text.includes(piece)),
    `${planted.text}\n${text}`,
  ).toEqual([]);
};

/** A value with the secret at its depth, for each place of the schema where a text may be written. */
function* placesOf(schema: z.ZodType, secret: string): Generator<unknown> {
  const def = schema.def as { innerType?: z.ZodType; element?: z.ZodType; options?: z.ZodType[]; in?: z.ZodType };
  const inner = def.innerType ?? def.in;
  if (schema instanceof z.ZodObject) {
    for (const [key, field] of Object.entries(schema.shape)) {
      for (const value of placesOf(field as z.ZodType, secret)) yield { [key]: value };
    }
    // As a key, and in place of the whole.
    yield { [secret]: true };
    yield secret;
  } else if (schema instanceof z.ZodArray) {
    for (const value of placesOf(def.element!, secret)) yield [value];
    yield secret;
  } else if (schema instanceof z.ZodUnion) {
    for (const option of def.options!) yield* placesOf(option, secret);
  } else if (inner !== undefined) {
    yield* placesOf(inner, secret);
  } else {
    yield secret;
  }
}

describe('a secret that is pasted where a setting belongs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  // `check --local --list-hosts` reads all settings, and prints them where they name a host.
  const words = ['check', '--local', '--list-hosts'];

  it('is in every place of the schema', () => {
    const places = [...placesOf(settingsSchema, 'SECRET')].map((place) => JSON.stringify(place));
    expect(places.length).toBeGreaterThan(70);
    expect(places).toContain('{"ssh":{"keySecretArn":"SECRET"}}');
    expect(places).toContain('{"accounts":[{"externalId":"SECRET"}]}');
    expect(places).toContain('{"alertEmail":["SECRET"]}');
  });

  it('is named by its kind and never echoed, from the environment, cdk.json and -c', async () => {
    const cdkJson = join(folder, 'cdk.json');
    for (const planted of SECRETS.filter((_, n) => n % 3 === 0 || n > 30)) {
      for (const place of placesOf(settingsSchema, planted.text)) {
        const json = JSON.stringify(place);
        const byEnvironment = await crawlwatch(words, { env: { CRAWLWATCH_SETTINGS: json }, cwd: tmpdir() });
        unseen(planted, byEnvironment.stdout + byEnvironment.stderr);
        const app = { context: () => json, env: {}, cwd: folder };
        writeFileSync(cdkJson, JSON.stringify({ context: { crawlwatch: place } }));
        try {
          appSettings({ ...app, context: (key) => (key === 'crawlwatch' ? json : undefined) });
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
          const said = (error as SettingsError).stack ?? '';
          unseen(planted, said);
          expect(said).toContain(planted.kind);
        }
      }
      const byFile = await crawlwatch(words, { cwd: folder });
      unseen(planted, byFile.stdout + byFile.stderr);
    }
  });

  it.each([
    ['keySecretArn', 'ssh.keySecretArn', { ssh: { keySecretArn: SECRETS[0]!.text } }],
    ['keySecretArn in one line', 'ssh.keySecretArn', { ssh: { keySecretArn: SECRETS[1]!.text } }],
  ])('is what ssh.%s got', async (_, key, settings) => {
    const { exitCode, stderr } = await crawlwatch(words, { env: { CRAWLWATCH_SETTINGS: JSON.stringify(settings) } });
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringMatching(`^crawlwatch: ${key}: got a private key; allowed: the ARN of a Secrets Manager secret`),
    ]);
  });

  it('is not quoted from a cdk.json or a variable that is no JSON, in whole or in part', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SECRETS),
        fc.constantFrom('', '{"context": ', '{"context": {"crawlwatch": {"alertEmail": '),
        async (planted, before) => {
          writeFileSync(join(folder, 'cdk.json'), `${before}${planted.text}`);
          const byFile = await crawlwatch(words, { cwd: folder });
          unseen(planted, byFile.stderr);
          const byVariable = await crawlwatch(words, { env: { CRAWLWATCH_SETTINGS: `${before}${planted.text}` } });
          unseen(planted, byVariable.stderr);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a secret on the command line', () => {
  const io = {
    stdin: (async function* () {})(),
    stdout: { write() {} },
    stderr: { write() {} },
    env: {},
    cwd: tmpdir(),
    signal: new AbortController().signal,
  };
  /** Every command with each of its flags that takes a value, and with its arguments. */
  const lines = (commands: readonly Command[]) =>
    commands.flatMap((command) => {
      const name = command.name();
      const flags = command.options.filter(({ required, optional }) => required || optional);
      const [argument] = command.registeredArguments;
      const needs = flags.filter(({ mandatory }) => mandatory).flatMap(({ long }) => [`${long}=5`]);
      const words = argument?.required === true ? ['i-0123456789abcdef0'] : [];
      return [
        ...flags.map(({ long, flags: what }) => ({
          ...{ name, what, words: [name, long ?? ''] },
          required: [...words, ...needs.filter((one) => !one.startsWith(`${long}=`))],
        })),
        ...(argument === undefined ? [] : [{ name, what: name, words: [name], required: needs }]),
      ];
    });
  const all = lines(createProgram(io, () => {}).commands);

  it('is refused by every command, flag and argument before it does anything', () => {
    expect(all.length).toBeGreaterThan(60);
    expect(all.map(({ words }) => words.join(' '))).toEqual(
      expect.arrayContaining(['check --private-key', 'check --inventory', 'pause --why', 'doctor', 'reboot']),
    );
  });

  it.each(all)('is refused and not echoed by $name, as $what', async ({ words, required }) => {
    for (const planted of SECRETS.filter((_, n) => n < 5 || n > 30)) {
      for (const line of [
        [...words, planted.text],
        [...words.slice(0, -1), `${words.at(-1)}=${planted.text}`],
      ]) {
        const { exitCode, stdout, stderr } = await crawlwatch([...line, ...required], {
          env: { HOME: tmpdir() },
        });
        unseen(planted, stdout + stderr);
        expect([exitCode, stderr]).toEqual([3, expect.stringMatching(planted.kind.split(' ').at(-1)!)]);
      }
    }
  });

  it('is named, with what belongs in its place', async () => {
    const { stderr } = await crawlwatch(['check', '--host', 'web1', '--private-key', SECRETS[0]!.text]);
    expect(stderr).toBe(
      "crawlwatch: --private-key <file>: got a private key; a secret must not be on a command line, where other processes and the shell's history see it\n",
    );
  });

  it('is not echoed as a command or a flag that is not there', async () => {
    for (const planted of SECRETS) {
      for (const line of [[planted.text], ['check', `--${planted.text}`], ['check', '-o', planted.text]]) {
        const { stdout, stderr } = await crawlwatch(line);
        unseen(planted, stdout + stderr);
      }
    }
  });
});

describe('a secret in the environment', () => {
  let program: BuiltProgram;
  let aws: Server;
  let url: string;
  beforeAll(async () => {
    program = builtProgram();
    // Quotes what it was sent, as AWS quotes what it refuses.
    aws = createServer((request, response) => {
      let sent = '';
      request.on('data', (part) => (sent += part));
      request.on('end', () => {
        const { authorization, 'x-amz-security-token': token } = request.headers;
        const quoted = `The Credential in ${authorization} ${token} ${request.url} ${sent} is not valid`.replace(
          /[<&]/g,
          ' ',
        );
        response
          .writeHead(403, { 'content-type': 'text/xml' })
          .end(
            `<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>${quoted}</Message></Error></ErrorResponse>`,
          );
      });
    });
    await once(aws.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    aws.close();
    aws.closeAllConnections();
    program.remove();
  });

  const VARIABLES = [
    ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_REGION'],
    ...['AWS_ENDPOINT_URL', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'CRAWLWATCH_SETTINGS', 'SSH_AUTH_SOCK'],
  ];

  it.each(VARIABLES)('is not echoed from %s', async (variable) => {
    const some = ['a private key', 'an AWS access key id', 'an AWS secret access key', 'a webhook URL', 'a token'].map(
      (kind) => SECRETS.find((one) => one.kind === kind)!,
    );
    for (const planted of some) {
      const env = {
        ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: url },
        AWS_MAX_ATTEMPTS: '1',
        [variable]: planted.text,
      };
      // Without keys a profile is looked for.
      const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _key, ...byProfile } = env;
      const given = variable === 'AWS_PROFILE' || variable.endsWith('_FILE') ? byProfile : env;
      // Nothing listens where a webhook would be.
      if (variable === 'AWS_ENDPOINT_URL' && planted.kind === 'a webhook URL') continue;
      const { stdout, stderr, exitCode } = await finish(program.start(['doctor', '-o', 'json'], given));
      unseen(planted, stdout + stderr);
      expect(exitCode).not.toBe(0);
    }
  });
});
