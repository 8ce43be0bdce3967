/** What the reader of docs/ has beside the README's reader: crawlwatch installed, files of their own, a deployed account. */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Moto, startMoto } from '../support/moto.ts';
import type { ReadmeWorld } from './readme-world.ts';

/** What `ansible-inventory --list` prints of hosts.toml, aws_ec2.yml or inventory.py, none of which need be there. */
const LISTED = { all: { children: ['web'] }, web: { hosts: ['web1', 'web2'] } };

export const READERS_AWS: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
};

/** Installs the working tree's build as a program, without npm: its dependencies are in the bundle or the tree's own. */
export function install(world: ReadmeWorld, root: string): void {
  const { clone, home } = world;
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  cpSync(join(root, 'dist'), join(clone, 'dist'), { recursive: true });
  const bin = join(home, 'bin');
  program(bin, 'crawlwatch', `exec node '${join(clone, 'dist', 'crawlwatch.js')}' "$@"`);
  world.env = { ...world.env, PATH: `${bin}${delimiter}${world.env.PATH}` };
}

/** Inventories, recordings, keys and profiles as the pages name them. */
export function furnish(world: ReadmeWorld, root: string): void {
  const { clone, home } = world;
  const ssh = join(home, '.ssh');
  if (existsSync(ssh)) {
    const config = readFileSync(join(ssh, 'config'), 'utf8');
    const [, port = ''] = /HostName 127\.0\.1\.21\n {2}Port (\d+)/.exec(config) ?? [];
    writeFileSync(
      join(ssh, 'config'),
      `${config}Host web3\n  HostName 127.0.1.21\n  Port ${port}\nHost *\n  User ubuntu\n`,
    );
    cpSync(join(ssh, 'id_ed25519'), join(ssh, 'fleet'));
  }
  writeFileSync(join(clone, 'hosts.ini'), '[web]\nweb[1:3]\n[prod]\nweb[1:3]\n');
  writeFileSync(join(clone, 'hosts.toml'), '[web.hosts.web1]\n');
  writeFileSync(join(clone, 'aws_ec2.yml'), 'plugin: amazon.aws.aws_ec2\n');
  writeFileSync(join(clone, 'inventory.py'), '#!/usr/bin/env python3\n');
  const traces = join(root, 'test', 'fixtures', 'traces');
  cpSync(join(traces, 'recorded.ndjson'), join(clone, 'recorded.ndjson'));
  writeFileSync(join(clone, 'traces.jsonl.gz'), gzipSync(readFileSync(join(traces, 'small.jsonl'))));
  program(join(home, 'pretend'), 'ansible-inventory', `echo '${JSON.stringify(LISTED)}'`);
  mkdirSync(join(home, 'node_exporter'));
  mkdirSync(join(home, '.aws'));
  const profiles = ['prod', 'production'];
  const keys = 'aws_access_key_id = test\naws_secret_access_key = test\n';
  writeFileSync(join(home, '.aws', 'credentials'), profiles.map((name) => `[${name}]\n${keys}`).join(''));
  writeFileSync(
    join(home, '.aws', 'config'),
    profiles.map((name) => `[profile ${name}]\nregion = us-east-1\n`).join(''),
  );
}

function program(folder: string, name: string, line: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** An account with two tagged instances, to which every command talks. */
export async function openAccount(world: ReadmeWorld): Promise<Moto> {
  const moto = await startMoto();
  world.port = Number(new URL(moto.endpoint).port);
  world.env = { ...world.env, ...READERS_AWS, AWS_ENDPOINT_URL: moto.endpoint };
  // No verdict may depend on how busy this machine is.
  await world.fillEmulator({ timeouts: { sshSeconds: 120 } });
  await world.tag('crawlwatch', 'true');
  return moto;
}
