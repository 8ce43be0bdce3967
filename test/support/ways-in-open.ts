/** Ways by which ssh gets in, a row each. */
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { hasProgram, INNER, userCertificate } from './ways-in-rig.ts';
import {
  block,
  byArguments,
  FLEET,
  gate,
  inner,
  keygen,
  rewritten,
  script,
  strangers,
  type Way,
  WEB1,
  web1,
} from './ways-in-way.ts';

const needs = (program: string) => () => (hasProgram(program) ? null : `no ${program} is installed`);

const CONFIGURED: readonly Way[] = [
  { name: 'plain', byInventoryToo: true, prepare: (rig, account) => web1(rig, account) },
  {
    name: 'a default key and no configuration',
    byInventoryToo: true,
    prepare: (rig, account) => {
      account.copyKey('fleet', 'id_ed25519');
      const { port } = rig.servers.target;
      return {
        ssh: ['-p', String(port), 'web@127.0.0.1'],
        host: `web@127.0.0.1:${port}`,
        inventory: `ansible_host=127.0.0.1 ansible_port=${port} ansible_user=web`,
      };
    },
  },
  {
    name: 'no user named',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'fleet');
      account.put('.ssh/config', block('Host web1', { HostName: '127.0.0.1', Port: rig.servers.root.port, ...FLEET }));
      return WEB1;
    },
  },
  {
    name: 'Match host',
    withoutSsh: /\bMatch\b/,
    prepare: (rig, account) => {
      const match = block('Match host 127.0.0.1', { Port: rig.servers.target.port, User: 'web', ...FLEET });
      account.copyKey('fleet', 'fleet');
      account.put('.ssh/config', `${block('Host web1', { HostName: '127.0.0.1' })}${match}`);
      return WEB1;
    },
  },
  {
    name: 'Match originalhost and user, negated',
    prepare: (rig, account) =>
      web1(
        rig,
        account,
        { User: [], Port: [] },
        [
          block('Match originalhost web* !user web', { User: 'web' }),
          block('Match originalhost *,!db* user web', { Port: rig.servers.target.port }),
        ].join(''),
      ),
  },
  {
    name: 'Match final',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'fleet');
      const last = block('Match final host 127.0.0.1', { Port: rig.servers.target.port });
      account.put('.ssh/config', `${block('Host web1', { HostName: '127.0.0.1', User: 'web', ...FLEET })}${last}`);
      return WEB1;
    },
  },
  {
    name: 'Match exec',
    withoutSsh: /\bMatch\b/,
    prepare: (rig, account) =>
      web1(rig, account, { Port: [] }, block('Match exec "test %n = web1"', { Port: rig.servers.target.port })),
  },
  {
    name: 'Include, of a pattern, nested',
    prepare: (rig, account) => {
      web1(rig, account);
      account.put('.ssh/conf.d/10-more.conf', 'Include conf.d/deep/*\n');
      account.put('.ssh/conf.d/deep/a', block('Host web1', { HostName: '127.0.0.1', Port: rig.servers.target.port }));
      account.put('.ssh/conf.d/deep/b', block('Host web?', { User: 'web', ...FLEET }));
      account.put('.ssh/config', 'Include conf.d/*.conf\n');
      return WEB1;
    },
  },
  {
    name: 'Include within a Host block',
    prepare: (rig, account) => {
      account.put('.ssh/others', block('Host web1 web2', { User: 'web' }));
      return web1(rig, account, { User: [] }, block('Host web*', { Include: 'others' }));
    },
  },
  {
    name: 'quotes, equal signs and a negated Host',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'a key');
      account.put(
        '.ssh/config',
        [
          'Host * !web1',
          '  Port 1',
          'HOST "web1"',
          '  hostname="127.0.0.1"',
          `  PORT = ${rig.servers.target.port}`,
          '\tUser=web # of the fleet',
          '  IdentityFile "~/.ssh/a key"',
          '',
        ].join('\n'),
      );
      return WEB1;
    },
  },
  {
    name: 'an alias in capitals',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'fleet');
      const { port } = rig.servers.target;
      account.put('.ssh/config', block('Host WEB1', { HostName: '127.0.0.1', Port: port, User: 'web', ...FLEET }));
      return { ssh: ['WEB1'], host: 'WEB1', inventory: 'ansible_host=WEB1' };
    },
  },
  {
    name: 'an alias in capitals, by Match',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'fleet');
      const match = block('Match originalhost web1', { HostName: '127.0.0.1', Port: rig.servers.target.port });
      account.put('.ssh/config', `${match}${block('Match host 127.0.0.1', { User: 'web', ...FLEET })}`);
      return { ssh: ['WEB1'], host: 'WEB1', inventory: 'ansible_host=WEB1' };
    },
  },
  {
    name: 'lines that end as on Windows',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'fleet');
      const { port } = rig.servers.target;
      const text = block('Host web1', { HostName: '127.0.0.1', Port: port, User: 'web', ...FLEET });
      account.put('.ssh/config', text.replaceAll('\n', '\r\n'));
      return WEB1;
    },
  },
  {
    name: 'Match localuser, Match all',
    prepare: (rig, account) =>
      web1(
        rig,
        account,
        { User: [], Port: [] },
        [
          block('Match localuser root host web1', { User: 'web' }),
          block('Match all', { Port: rig.servers.target.port }),
        ].join(''),
      ),
  },
  {
    name: 'the configuration of the system',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'fleet');
      const { port } = rig.servers.target;
      account.systemConfig(block('Host web1', { HostName: '127.0.0.1', Port: port, User: 'nobody', ...FLEET }));
      account.put('.ssh/config', block('Host web*', { User: 'web' }));
      return WEB1;
    },
  },
  {
    name: 'ansible_user and ansible_port over the configuration',
    prepare: (rig, account) => {
      web1(rig, account, { User: 'nobody', Port: 1 });
      const { port } = rig.servers.target;
      return {
        ssh: ['-p', String(port), 'web@web1'],
        host: `web@web1:${port}`,
        inventory: `ansible_host=web1 ansible_port=${port} ansible_user=web`,
      };
    },
  },
  {
    name: 'CanonicalizeHostname',
    withoutSsh: /CanonicalizeHostname/,
    prepare: (rig, account) => {
      account.copyKey('fleet', 'fleet');
      const domain = block('Host *.ways.test', {
        Port: rig.servers.target.port,
        User: 'web',
        ...FLEET,
        HostKeyAlias: `[127.0.0.1]:${rig.servers.target.port}`,
      });
      account.put('.ssh/config', `CanonicalizeHostname yes\nCanonicalDomains ways.test\n${domain}`);
      return { ssh: ['one'], host: 'one', inventory: 'ansible_host=one' };
    },
  },
  {
    name: 'tokens in HostName and IdentityFile',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'web1.test-web-key');
      return web1(rig, account, {
        HostName: '%h.test',
        IdentityFile: '%d/.ssh/%h-%r-key',
        HostKeyAlias: `[127.0.0.1]:${rig.servers.target.port}`,
      });
    },
  },
];

const ADDRESSES: readonly Way[] = [
  { name: 'IPv6', prepare: (rig, account) => web1(rig, account, { HostName: '::1' }) },
  {
    name: 'IPv6 in brackets',
    byInventoryToo: true,
    prepare: (rig, account) => {
      account.copyKey('fleet', 'id_ed25519');
      const { port } = rig.servers.target;
      return {
        ssh: ['-p', String(port), 'web@::1'],
        host: `web@[::1]:${port}`,
        inventory: `ansible_host=::1 ansible_port=${port} ansible_user=web`,
      };
    },
  },
  {
    name: 'AddressFamily inet6',
    prepare: (rig, account) =>
      web1(rig, account, {
        ...{ HostName: 'both.test', AddressFamily: 'inet6', HostKeyAlias: `[::1]:${rig.servers.target.port}` },
      }),
  },
  {
    name: 'two addresses, the first dead, the second slow',
    prepare: (rig, account) => web1(rig, account, { HostName: 'two.test', Port: rig.servers.late }),
  },
  {
    name: 'two addresses, the first slow, the second dead',
    prepare: (rig, account) => web1(rig, account, { HostName: 'late-first.test', Port: rig.servers.late }),
  },
  {
    name: 'two addresses, the first silent',
    prepare: (rig, account) => ({
      ...web1(rig, account, {
        HostName: 'silent-first.test',
        HostKeyAlias: `[127.0.0.1]:${rig.servers.target.port}`,
        ConnectTimeout: 2,
      }),
      inventory: 'ansible_host=web1 ansible_ssh_timeout=2',
    }),
  },
  { name: 'BindAddress', prepare: (rig, account) => web1(rig, account, { BindAddress: '127.0.0.1' }) },
];

const KEYS: readonly Way[] = [
  {
    name: 'second default key',
    prepare: (rig, account) => {
      account.copyKey('stranger', 'id_ed25519');
      account.copyKey('rsa', 'id_rsa');
      account.put(
        '.ssh/config',
        block('Host web1', { HostName: '127.0.0.1', Port: rig.servers.target.port, User: 'web' }),
      );
      return WEB1;
    },
  },
  {
    name: 'second IdentityFile',
    prepare: (rig, account) => {
      account.copyKey('stranger', 'old');
      return web1(rig, account, { IdentityFile: ['~/.ssh/old', '~/.ssh/none-such', '~/.ssh/fleet'] });
    },
  },
  {
    name: 'a key that ansible_ssh_private_key_file names, after the configuration',
    prepare: (rig, account) => {
      const key = account.copyKey('ecdsa', 'ecdsa');
      account.copyKey('stranger', 'fleet');
      const { port } = rig.servers.target;
      account.put('.ssh/config', block('Host web1', { HostName: '127.0.0.1', Port: port, User: 'web', ...FLEET }));
      return {
        ssh: ['-i', key, 'web1'],
        host: null,
        inventory: `ansible_host=web1 ansible_ssh_private_key_file=${key}`,
      };
    },
  },
  formatWay('PKCS#8 RSA', 'rsa', 'PKCS8'),
  formatWay('PKCS#8 ECDSA', 'ecdsa', 'PKCS8'),
  formatWay('PEM RSA', 'rsa', 'PEM'),
  formatWay('PEM ECDSA', 'ecdsa', 'PEM'),
  {
    name: 'a key with a passphrase before the right one',
    prepare: (rig, account) => {
      rewritten(account, 'stranger', 'locked', '-N', 'not asked for');
      return web1(rig, account, { IdentityFile: ['~/.ssh/locked', '~/.ssh/fleet'] });
    },
  },
  {
    name: 'a wrong key that ansible_ssh_private_key_file names, the right one in the configuration',
    prepare: (rig, account) => {
      const key = account.copyKey('stranger', 'stranger');
      web1(rig, account);
      return {
        ssh: ['-i', key, 'web1'],
        host: null,
        inventory: `ansible_host=web1 ansible_ssh_private_key_file=${key}`,
      };
    },
  },
  {
    name: 'IdentityFile by a variable',
    prepare: (rig, account) => {
      account.setEnv('FLEET_KEYS', join(account.home, 'keys'));
      account.copyKey('ecdsa', '../keys/ecdsa');
      return web1(rig, account, { IdentityFile: ['$', '{FLEET_KEYS}/ecdsa'].join('') });
    },
  },
  {
    name: 'IdentityFile in the home of a named user',
    prepare: (rig, account) => {
      account.copyKey('ecdsa', 'ecdsa');
      return web1(rig, account, { IdentityFile: '~root/.ssh/ecdsa' });
    },
  },
  {
    name: 'two keys wanted',
    prepare: (rig, account) => {
      account.copyKey('rsa', 'rsa');
      return web1(rig, account, { Port: rig.servers.twoKeys.port, IdentityFile: ['~/.ssh/fleet', '~/.ssh/rsa'] });
    },
  },
  {
    name: 'PubkeyAcceptedAlgorithms for RSA alone',
    prepare: (rig, account) => {
      account.copyKey('rsa', 'rsa');
      return web1(rig, account, {
        IdentityFile: ['~/.ssh/fleet', '~/.ssh/rsa'],
        PubkeyAcceptedAlgorithms: 'rsa-sha2-256',
      });
    },
  },
  {
    name: 'agent',
    prepare: async (rig, account) => {
      account.setEnv('SSH_AUTH_SOCK', await account.agent([rig.key('fleet')]));
      return web1(rig, account, { IdentityFile: [] });
    },
  },
  {
    name: 'agent, and its public key as IdentityFile',
    prepare: async (rig, account) => {
      account.setEnv('SSH_AUTH_SOCK', await account.agent([...strangers(account, 3), rig.key('ecdsa')]));
      account.put('.ssh/ecdsa.pub', `${rig.publicKey('ecdsa')}\n`);
      return web1(rig, account, {
        Port: rig.servers.impatient.port,
        IdentityFile: '~/.ssh/ecdsa.pub',
        IdentitiesOnly: 'yes',
      });
    },
  },
  {
    name: 'agent with eight keys, IdentityFile locked on disk',
    prepare: async (rig, account) => {
      account.setEnv('SSH_AUTH_SOCK', await account.agent([...strangers(account, 7), rig.key('fleet')]));
      web1(rig, account);
      unlinkSync(join(account.home, '.ssh', 'fleet'));
      rewritten(account, 'fleet', 'fleet', '-N', 'not asked for');
      return WEB1;
    },
  },
  {
    name: 'IdentitiesOnly, agent with eight keys',
    prepare: async (rig, account) => {
      account.setEnv('SSH_AUTH_SOCK', await account.agent(strangers(account, 8)));
      return web1(rig, account, { Port: rig.servers.impatient.port, IdentitiesOnly: 'yes' });
    },
  },
  {
    name: 'IdentityAgent',
    prepare: async (rig, account) => {
      const socket = await account.agent([rig.key('fleet')]);
      account.setEnv('SSH_AUTH_SOCK', join(account.folder, 'no-agent'));
      return web1(rig, account, { IdentityFile: [], IdentityAgent: `"${socket}"` });
    },
  },
  {
    name: 'IdentityAgent by a variable',
    prepare: async (rig, account) => {
      account.setEnv('FLEET_AGENT', await account.agent([rig.key('fleet')]));
      return web1(rig, account, { IdentityFile: [], IdentityAgent: '$FLEET_AGENT' });
    },
  },
  {
    name: 'IdentityAgent none, agent with eight keys',
    prepare: async (rig, account) => {
      account.setEnv('SSH_AUTH_SOCK', await account.agent(strangers(account, 8)));
      return web1(rig, account, { Port: rig.servers.impatient.port, IdentityAgent: 'none' });
    },
  },
  {
    name: 'none',
    prepare: (rig, account) => web1(rig, account, { Port: rig.servers.none.port, User: 'open', IdentityFile: [] }),
  },
  {
    name: 'certificate user, beside its key',
    withoutSsh: /certificate/i,
    byInventoryToo: true,
    prepare: (rig, account) => {
      const certificate = userCertificate(rig, 'user-beside', ['-n', 'web', '-V', '+1h']);
      account.copyKey('certified', 'certified', { public: true, certificate });
      return web1(rig, account, { IdentityFile: '~/.ssh/certified' });
    },
  },
  {
    name: 'certificate user, by CertificateFile',
    withoutSsh: /CertificateFile/,
    prepare: (rig, account) => {
      const certificate = userCertificate(rig, 'user-file', ['-n', 'web,jump', '-V', '+1h']);
      account.copyKey('certified', 'certified');
      return web1(rig, account, { IdentityFile: '~/.ssh/certified', CertificateFile: certificate });
    },
  },
  {
    name: 'certificate user, in the agent',
    prepare: async (rig, account) => {
      const certificate = userCertificate(rig, 'user-agent', ['-n', 'web', '-V', '+1h']);
      const key = account.copyKey('certified', 'away/certified', { public: true, certificate });
      account.setEnv('SSH_AUTH_SOCK', await account.agent([key]));
      return web1(rig, account, { IdentityFile: [] });
    },
  },
];

const HOST_KEYS: readonly Way[] = [
  {
    name: 'certificate host',
    withoutSsh: /cert-authority/,
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', `@cert-authority *.test ${rig.publicKey('hostCa')}\n`);
      return web1(rig, account, { Port: rig.servers.hostCertified.port, HostKeyAlias: 'web1.test' });
    },
  },
  {
    name: 'certificate host, by its address pattern',
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', `@cert-authority [web1.test]:*,web1.test ${rig.publicKey('hostCa')}\n`);
      return web1(rig, account, { Port: rig.servers.hostCertified.port, HostName: 'web1.test' });
    },
  },
  {
    name: 'HostKeyAlias',
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', `fleet-key ${rig.servers.target.hostKeys.ed25519}\n`);
      return web1(rig, account, { HostKeyAlias: 'fleet-key' });
    },
  },
  {
    name: 'UserKnownHostsFile, two, hashed',
    prepare: (rig, account) => {
      const { port, hostKeys } = rig.servers.target;
      account.put('.ssh/known_hosts', '');
      account.put('.ssh/known/1', '# nothing yet\n');
      const second = account.put('.ssh/known/2', `[127.0.0.1]:${port} ${hostKeys.ed25519}\n`);
      keygen('-H', '-f', second);
      return web1(rig, account, { UserKnownHostsFile: '~/.ssh/known/1 ~/.ssh/known/2' });
    },
  },
  {
    name: 'GlobalKnownHostsFile',
    prepare: (rig, account) => {
      const { port, hostKeys } = rig.servers.target;
      account.put('.ssh/known_hosts', '');
      const file = account.put('known-to-all', `[127.0.0.1]:${port} ${hostKeys.ecdsa}\n`);
      return web1(rig, account, { GlobalKnownHostsFile: file });
    },
  },
  {
    name: 'KnownHostsCommand',
    withoutSsh: /KnownHostsCommand/,
    prepare: (rig, account) => {
      const { port, hostKeys } = rig.servers.target;
      account.put('.ssh/known_hosts', '');
      const command = script(account, `echo "[127.0.0.1]:${port} ${hostKeys.ed25519}"`);
      return web1(rig, account, { KnownHostsCommand: command });
    },
  },
  {
    name: 'StrictHostKeyChecking accept-new',
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', '');
      return web1(rig, account, { StrictHostKeyChecking: 'accept-new' });
    },
  },
  {
    name: 'StrictHostKeyChecking no, known_hosts /dev/null',
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', '');
      return web1(rig, account, { StrictHostKeyChecking: 'no', UserKnownHostsFile: '/dev/null' });
    },
  },
  {
    name: 'an old host, whose algorithms the configuration allows',
    withoutSsh: /KexAlgorithms|SHA-1/,
    prepare: (rig, account) => {
      return web1(rig, account, {
        Port: rig.servers.old.port,
        KexAlgorithms: '+diffie-hellman-group14-sha1',
        HostKeyAlgorithms: '+ssh-rsa',
        Ciphers: '+aes128-cbc',
        MACs: '+hmac-sha1',
      });
    },
  },
  {
    name: 'post-quantum only',
    withoutSsh: /older|newer|post-quantum/,
    missing: (rig) => (rig.servers.postQuantum === null ? 'this OpenSSH has no post-quantum key exchange' : null),
    prepare: (rig, account) => web1(rig, account, { Port: rig.servers.postQuantum?.port ?? 0 }),
  },
];

const JUMPS: readonly Way[] = [
  {
    name: 'jump',
    byInventoryToo: true,
    prepare: (rig, account) => inner(rig, account, { ProxyJump: 'gate' }, gate(rig, account)),
  },
  {
    name: 'jump, its address and port in the directive',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'id_ed25519');
      return inner(rig, account, { ProxyJump: `jump@127.0.0.1:${rig.servers.jump.port}` });
    },
  },
  {
    name: 'two jumps',
    prepare: (rig, account) => {
      const second = block('Host second', {
        ...{ HostName: INNER, Port: rig.servers.jump.port, User: 'web', ...FLEET },
      });
      return inner(rig, account, { ProxyJump: 'gate,second' }, `${gate(rig, account)}${second}`);
    },
  },
  {
    name: 'jump, as a URI',
    prepare: (rig, account) => {
      account.copyKey('fleet', 'id_ed25519');
      return inner(rig, account, { ProxyJump: `ssh://jump@127.0.0.1:${rig.servers.jump.port}` });
    },
  },
  {
    name: 'jump behind a ProxyCommand',
    withoutSsh: /ProxyCommand/,
    prepare: (rig, account) => {
      const command = 'busybox nc 127.0.0.1 %p';
      return inner(rig, account, { ProxyJump: 'gate' }, gate(rig, account, { HostName: INNER, ProxyCommand: command }));
    },
  },
  {
    name: 'jump with its second key',
    prepare: (rig, account) => {
      account.copyKey('stranger', 'stranger');
      const keys = ['~/.ssh/stranger', '~/.ssh/bastion'];
      return inner(rig, account, { ProxyJump: 'gate' }, gate(rig, account, { IdentityFile: keys }));
    },
  },
  {
    name: 'jump with %r and the key of the agent',
    prepare: async (rig, account) => {
      account.setEnv('SSH_AUTH_SOCK', await account.agent([rig.key('fleet')]));
      return inner(rig, account, { ProxyJump: `%r@127.0.0.1:${rig.servers.jump.port}`, IdentityFile: [] });
    },
  },
  {
    name: 'jump by a certificate host',
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', `@cert-authority web1.test ${rig.publicKey('hostCa')}\n`);
      const { hostCertified } = rig.servers;
      const through = block('Host through', {
        HostName: '127.0.0.1',
        Port: hostCertified.port,
        User: 'web',
        ...FLEET,
        HostKeyAlias: 'web1.test',
      });
      return inner(
        rig,
        account,
        { ProxyJump: 'through', Port: hostCertified.port, HostKeyAlias: 'web1.test' },
        through,
      );
    },
  },
  {
    name: 'ProxyCommand nc',
    withoutSsh: /ProxyCommand/,
    byInventoryToo: true,
    prepare: (rig, account) => inner(rig, account, { ProxyCommand: 'busybox nc 127.0.0.1 %p' }),
  },
  {
    name: 'ProxyCommand socat, to a socket',
    prepare: async (rig, account) => {
      const socket = await account.door(rig.servers.target.port);
      return inner(rig, account, { ProxyCommand: `socat - UNIX-CONNECT:${socket}` });
    },
  },
  {
    name: 'ProxyUseFdpass',
    missing: needs('nc.openbsd'),
    prepare: (rig, account) =>
      inner(rig, account, { ProxyCommand: 'nc.openbsd -F 127.0.0.1 %p', ProxyUseFdpass: 'yes' }),
  },
  {
    name: 'ProxyCommand ssh -W, by an alias',
    prepare: (rig, account) => inner(rig, account, { ProxyCommand: 'ssh -W %h:%p gate' }, gate(rig, account)),
  },
  {
    name: 'ProxyCommand ssh -W, with -i, -p, -o and brackets',
    prepare: (rig, account) => {
      account.copyKey('bastion', 'bastion');
      const command = `ssh -i ~/.ssh/bastion -o User=jump -p ${rig.servers.jump.port} -q -W [%h]:%p 127.0.0.1`;
      return inner(rig, account, { ProxyCommand: command });
    },
  },
  {
    name: 'ProxyCommand ssh -F -W, with %r and a redirection',
    withoutSsh: /ProxyCommand/,
    prepare: (rig, account) => {
      const file = account.put(
        'other.cfg',
        block('Host inside', { HostName: '127.0.0.1', Port: rig.servers.jump.port, ...FLEET }),
      );
      return inner(rig, account, { ProxyCommand: `ssh -F ${file} -W %h:%p %r@inside 2>/dev/null` });
    },
  },
  {
    name: 'ProxyCommand ssh, nc on the jump host',
    prepare: (rig, account) => inner(rig, account, { ProxyCommand: 'ssh gate busybox nc %h %p' }, gate(rig, account)),
  },
  {
    name: 'ProxyCommand, a script with the name and the user',
    prepare: (rig, account) => {
      const { port } = rig.servers.target;
      const command = script(
        account,
        `[ "$1 $2 $3" = "${INNER} ${port} web" ] || exit 1`,
        'exec busybox nc 127.0.0.1 "$2"',
      );
      return inner(rig, account, { ProxyCommand: `${command} %h %p %r` });
    },
  },
  {
    name: 'ProxyCommand none, of a host that a pattern sends elsewhere',
    prepare: (rig, account) => {
      web1(rig, account, { ProxyCommand: 'none' });
      const all = block('Host *', { ProxyJump: 'no-such-jump.test' });
      const { port } = rig.servers.target;
      const own = block('Host web1', {
        HostName: '127.0.0.1',
        Port: port,
        User: 'web',
        ...FLEET,
        ProxyCommand: 'none',
      });
      account.put('.ssh/config', `${own}${all}`);
      return WEB1;
    },
  },
];

/** The fleet's key in a format that ssh-keygen writes with `-m`. */
function formatWay(name: string, key: 'rsa' | 'ecdsa', format: string): Way {
  return {
    name,
    prepare: (rig, account) => {
      rewritten(account, key, 'other-format', '-N', '', '-m', format);
      return web1(rig, account, { IdentityFile: '~/.ssh/other-format' });
    },
  };
}

/** Through ssh's arguments in an inventory. */
const ARGUMENTS: readonly Way[] = [
  argumentWay('-o Port', (port) => ['-o', `Port=${port}`], ['ansible_user', 'key']),
  argumentWay('-o "Port N"', (port) => ['-o', `Port ${port}`], ['ansible_user', 'key']),
  argumentWay(
    '-p in ansible_ssh_extra_args',
    (port) => ['-p', String(port)],
    ['ansible_user', 'key'],
    'ansible_ssh_extra_args',
  ),
  argumentWay('-l in ansible_ssh_args', () => ['-l', 'web'], ['ansible_port', 'key'], 'ansible_ssh_args'),
  argumentWay('-o User', () => ['-o', 'User=web'], ['ansible_port', 'key']),
  argumentWay('-i', (_port, key) => ['-i', key], ['ansible_port', 'ansible_user']),
  argumentWay('-o IdentityFile', (_port, key) => ['-o', `IdentityFile=${key}`], ['ansible_port', 'ansible_user']),
  {
    name: 'arguments: -F',
    prepare: (rig, account) => {
      web1(rig, account, { Port: 1, User: 'nobody' });
      const { port } = rig.servers.target;
      const file = account.put(
        'ssh.cfg',
        block('Host web1', { HostName: '127.0.0.1', Port: port, User: 'web', ...FLEET }),
      );
      return byArguments(['-F', file], { ansible_host: 'web1' });
    },
  },
  {
    name: 'arguments: -F, in which a ProxyJump is',
    withoutSsh: /-F/,
    prepare: (rig, account) => {
      account.copyKey('fleet', 'fleet');
      const own = block('Host web1', { HostName: INNER, Port: rig.servers.target.port, User: 'web', ...FLEET });
      const file = account.put('ssh.cfg', `${gate(rig, account)}${own}  ProxyJump gate\n`);
      return byArguments(['-F', file], { ansible_host: 'web1' });
    },
  },
  {
    name: 'arguments: -J',
    prepare: (rig, account) => {
      web1(rig, account, { HostName: INNER }, gate(rig, account));
      return byArguments(['-J', 'gate'], { ansible_host: 'web1' });
    },
  },
  {
    name: 'arguments: ProxyCommand "ssh -i KEY -W"',
    prepare: (rig, account) => {
      const bastion = account.copyKey('bastion', 'away/bastion');
      const key = account.copyKey('fleet', 'fleet');
      const { target, jump } = rig.servers;
      return byArguments(['-o', `ProxyCommand=ssh -i ${bastion} -W %h:%p -q -p ${jump.port} jump@127.0.0.1`], {
        ansible_host: INNER,
        ansible_port: target.port,
        ansible_user: 'web',
        ansible_ssh_private_key_file: key,
      });
    },
  },
  {
    name: 'arguments: ProxyCommand socat',
    withoutSsh: /ProxyCommand/,
    prepare: (rig, account) => {
      const key = account.copyKey('fleet', 'fleet');
      const { port } = rig.servers.target;
      return byArguments(['-o', 'ProxyCommand=socat - TCP:127.0.0.1:%p'], {
        ansible_host: INNER,
        ansible_port: port,
        ansible_user: 'web',
        ansible_ssh_private_key_file: key,
      });
    },
  },
  {
    name: 'arguments: UserKnownHostsFile and HostKeyAlias',
    prepare: (rig, account) => {
      const key = account.copyKey('fleet', 'fleet');
      account.put('.ssh/known_hosts', '');
      const file = account.put('hosts of the fleet', `fleet-key ${rig.servers.target.hostKeys.ed25519}\n`);
      return byArguments(['-o', `UserKnownHostsFile="${file}"`, '-o', 'HostKeyAlias=fleet-key'], {
        ansible_port: rig.servers.target.port,
        ansible_user: 'web',
        ansible_ssh_private_key_file: key,
      });
    },
  },
  {
    name: 'arguments: both ansible_port and -o Port',
    prepare: (rig, account) => {
      const key = account.copyKey('fleet', 'fleet');
      return byArguments(['-o', 'Port=1', '-o', 'User=nobody'], {
        ansible_port: rig.servers.target.port,
        ansible_user: 'web',
        ansible_ssh_private_key_file: key,
      });
    },
  },
];

/** @param given what the inventory says in variables of its own. */
function argumentWay(
  name: string,
  words: (port: number, key: string) => readonly string[],
  given: readonly ('ansible_port' | 'ansible_user' | 'key')[],
  where?: string,
): Way {
  return {
    name: `arguments: ${name}`,
    prepare: (rig, account) => {
      const key = account.copyKey('fleet', 'away/fleet');
      const { port } = rig.servers.target;
      return byArguments(
        words(port, key),
        {
          ...(given.includes('ansible_port') && { ansible_port: port }),
          ...(given.includes('ansible_user') && { ansible_user: 'web' }),
          ...(given.includes('key') && { ansible_ssh_private_key_file: key }),
        },
        where,
      );
    },
  };
}

export const OPEN_WAYS: readonly Way[] = [...CONFIGURED, ...ADDRESSES, ...KEYS, ...HOST_KEYS, ...JUMPS, ...ARGUMENTS];
