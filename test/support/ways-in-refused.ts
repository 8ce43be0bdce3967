/** Ways by which ssh does not get in, and what crawlwatch says of each: an inconclusive reason that names the cause. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DEAD_ADDRESS, SILENT_ADDRESS, userCertificate } from './ways-in-rig.ts';
import {
  block,
  byArguments,
  FLEET,
  gate,
  inner,
  rewritten,
  script,
  strangers,
  type Way,
  WEB1,
  web1,
} from './ways-in-way.ts';

const refused = (code: RegExp, text: RegExp) => ({ refused: { code, text } });

const KEYS: readonly Way[] = [
  {
    name: 'wrong key',
    ...refused(/^AuthenticationFailed$/, /refused|denied/i),
    prepare: (rig, world) => {
      world.copyKey('stranger', 'stranger');
      return web1(rig, world, { IdentityFile: '~/.ssh/stranger' });
    },
  },
  {
    name: 'no key at all',
    ...refused(/^AuthenticationFailed$/, /key/i),
    prepare: (rig, world) => web1(rig, world, { IdentityFile: [] }),
  },
  {
    name: 'a key with a passphrase, and no agent',
    ...refused(/^AuthenticationFailed$/, /passphrase/i),
    prepare: (rig, world) => {
      rewritten(world, 'ecdsa', 'locked', '-N', 'not asked for');
      return web1(rig, world, { IdentityFile: '~/.ssh/locked' });
    },
  },
  {
    name: 'IdentitiesOnly with the wrong file, the right key in the agent',
    ...refused(/^AuthenticationFailed$/, /key/i),
    prepare: async (rig, world) => {
      world.setEnv('SSH_AUTH_SOCK', await world.agent([rig.key('fleet')]));
      world.copyKey('stranger', 'stranger');
      return web1(rig, world, { IdentityFile: '~/.ssh/stranger', IdentitiesOnly: 'yes' });
    },
  },
  {
    name: 'IdentityAgent none, the right key in the agent',
    ...refused(/^AuthenticationFailed$/, /key/i),
    prepare: async (rig, world) => {
      world.setEnv('SSH_AUTH_SOCK', await world.agent([rig.key('fleet')]));
      return web1(rig, world, { IdentityFile: [], IdentityAgent: 'none' });
    },
  },
  {
    name: 'agent with more keys than the host takes',
    ...refused(/^AuthenticationFailed$/, /too many authentication failures/i),
    prepare: async (rig, world) => {
      world.setEnv('SSH_AUTH_SOCK', await world.agent([...strangers(world, 7), rig.key('fleet')]));
      return web1(rig, world, { Port: rig.servers.impatient.port, IdentityFile: [] });
    },
  },
  {
    name: 'another user',
    ...refused(/^AuthenticationFailed$/, /"?jump"?/),
    prepare: (rig, world) => web1(rig, world, { User: 'jump' }),
  },
  {
    name: 'expired certificate user',
    ...refused(/^AuthenticationFailed$/, /certificate/i),
    prepare: (rig, world) => {
      const certificate = userCertificate(rig, 'user-expired', ['-n', 'web', '-V', '20200101:20200201']);
      world.copyKey('certified', 'certified', { certificate });
      return web1(rig, world, { IdentityFile: '~/.ssh/certified' });
    },
  },
  {
    name: 'certificate user for another principal',
    ...refused(/^AuthenticationFailed$/, /certificate/i),
    prepare: (rig, world) => {
      const certificate = userCertificate(rig, 'user-other', ['-n', 'jump', '-V', '+1h']);
      world.copyKey('certified', 'certified', { certificate });
      return web1(rig, world, { IdentityFile: '~/.ssh/certified' });
    },
  },
  {
    name: 'certificate user by another authority',
    ...refused(/^AuthenticationFailed$/, /certificate/i),
    prepare: (rig, world) => {
      const certificate = userCertificate(rig, 'user-foreign', ['-n', 'web', '-V', '+1h'], 'otherCa');
      world.copyKey('certified', 'certified');
      return web1(rig, world, { IdentityFile: '~/.ssh/certified', CertificateFile: certificate });
    },
  },
  {
    name: 'a private key that others can read',
    ...refused(/^AuthenticationFailed$/, /permission|others can read|too open|0644/i),
    prepare: (rig, world) => {
      const target = web1(rig, world, { IdentityFile: '~/.ssh/shown' });
      chmodSync(world.copyKey('ecdsa', 'shown'), 0o644);
      return target;
    },
  },
  {
    name: 'PubkeyAuthentication no',
    ...refused(/^AuthenticationFailed$/, /./),
    prepare: (rig, world) => web1(rig, world, { PubkeyAuthentication: 'no' }),
  },
  {
    name: 'PreferredAuthentications without keys',
    ansibleGetsIn: true,
    ...refused(/^AuthenticationFailed$/, /./),
    prepare: (rig, world) => web1(rig, world, { PreferredAuthentications: 'keyboard-interactive,password' }),
  },
  {
    name: 'two keys wanted, of which one is right',
    ...refused(/^AuthenticationFailed$/, /./),
    prepare: (rig, world) => web1(rig, world, { Port: rig.servers.twoKeys.port }),
  },
  {
    name: 'none, for a user who needs a key',
    ...refused(/^AuthenticationFailed$/, /key/i),
    prepare: (rig, world) => web1(rig, world, { User: 'open', IdentityFile: [] }),
  },
];

const HOST_KEYS: readonly Way[] = [
  {
    name: 'unknown host key',
    ...refused(/^HostKeyUnknown$/, /known_hosts|not known|unknown/i),
    prepare: (rig, world) => {
      world.put('.ssh/known_hosts', '');
      return web1(rig, world);
    },
  },
  {
    name: 'another host key',
    ...refused(/^HostKeyMismatch$/, /host key/i),
    prepare: (rig, world) => {
      world.put('.ssh/known_hosts', `[127.0.0.1]:${rig.servers.target.port} ${rig.publicKey('stranger')}\n`);
      return web1(rig, world);
    },
  },
  {
    name: 'another host key, with StrictHostKeyChecking accept-new',
    ...refused(/^HostKeyMismatch$/, /host key/i),
    prepare: (rig, world) => {
      world.put('.ssh/known_hosts', `[127.0.0.1]:${rig.servers.target.port} ${rig.publicKey('stranger')}\n`);
      return web1(rig, world, { StrictHostKeyChecking: 'accept-new' });
    },
  },
  {
    name: 'revoked host key',
    ...refused(/^HostKeyMismatch$/, /revoked/i),
    prepare: (rig, world) => {
      const { port, hostKeys } = rig.servers.target;
      const lines = Object.values(hostKeys).map((key) => `[127.0.0.1]:${port} ${key}\n@revoked * ${key}\n`);
      world.put('.ssh/known_hosts', lines.join(''));
      return web1(rig, world);
    },
  },
  {
    name: 'RevokedHostKeys',
    ...refused(/^HostKeyMismatch$/, /revoked/i),
    prepare: (rig, world) => {
      const file = world.put('revoked', Object.values(rig.servers.target.hostKeys).join('\n'));
      return web1(rig, world, { RevokedHostKeys: file });
    },
  },
  {
    name: 'a host key that is known by its address, and HostKeyAlias',
    ...refused(/^HostKeyUnknown$/, /other-name|known_hosts|not known|unknown/i),
    prepare: (rig, world) => web1(rig, world, { HostKeyAlias: 'other-name' }),
  },
  {
    name: 'a host key that only ~/.ssh/known_hosts has, and UserKnownHostsFile',
    ...refused(/^HostKeyUnknown$/, /known_hosts|not known|unknown/i),
    prepare: (rig, world) => {
      world.put('.ssh/others', '');
      return web1(rig, world, { UserKnownHostsFile: '~/.ssh/others' });
    },
  },
  {
    name: 'certificate host by another authority',
    ...refused(/^HostKey(Unknown|Mismatch)$/, /host key|certificate/i),
    prepare: (rig, world) => {
      world.put('.ssh/known_hosts', `@cert-authority *.test ${rig.publicKey('otherCa')}\n`);
      return web1(rig, world, { Port: rig.servers.hostCertified.port, HostKeyAlias: 'web1.test' });
    },
  },
  {
    name: 'certificate host for another name',
    ...refused(/^HostKey(Unknown|Mismatch)$/, /certificate|host key/i),
    prepare: (rig, world) => {
      world.put('.ssh/known_hosts', `@cert-authority *.test ${rig.publicKey('hostCa')}\n`);
      return web1(rig, world, { Port: rig.servers.hostCertified.port, HostKeyAlias: 'web2.test' });
    },
  },
  {
    name: 'expired certificate host',
    ...refused(/^HostKey(Unknown|Mismatch)$/, /certificate|host key/i),
    prepare: (rig, world) => {
      world.put('.ssh/known_hosts', `@cert-authority *.test ${rig.publicKey('hostCa')}\n`);
      return web1(rig, world, { Port: rig.servers.hostExpired.port, HostKeyAlias: 'web1.test' });
    },
  },
];

const PROXIES: readonly Way[] = [
  {
    name: 'ProxyCommand that fails',
    ...refused(/./, /ProxyCommand.*no such door|no such door.*ProxyCommand/s),
    prepare: (rig, world) => inner(rig, world, { ProxyCommand: script(world, 'echo no such door >&2', 'exit 1') }),
  },
  {
    name: 'ProxyCommand that is not installed',
    ...refused(/./, /ProxyCommand/),
    prepare: (rig, world) => inner(rig, world, { ProxyCommand: 'no-such-program %h %p' }),
  },
  {
    name: 'ProxyCommand that says nothing',
    ...refused(/./, /ProxyCommand/),
    prepare: (rig, world) => inner(rig, world, { ProxyCommand: script(world, 'exec sleep 60') }),
  },
  {
    name: 'ProxyCommand that breaks off in the middle of the key exchange',
    ...refused(/./, /ProxyCommand/),
    prepare: (rig, world) => {
      const first = 'dd bs=1 count=900 2>/dev/null';
      const command = script(world, `${first} | busybox nc 127.0.0.1 "$1" | ${first}`);
      return inner(rig, world, { ProxyCommand: `${command} %p` });
    },
  },
  {
    name: 'jump host with the wrong key',
    ...refused(/./, /jump host|ProxyJump/i),
    prepare: (rig, world) => {
      world.copyKey('stranger', 'stranger');
      return inner(rig, world, { ProxyJump: 'gate' }, gate(rig, world, { IdentityFile: '~/.ssh/stranger' }));
    },
  },
  {
    name: 'jump host that refuses',
    ...refused(/./, /jump host|ProxyJump/i),
    prepare: (rig, world) => inner(rig, world, { ProxyJump: 'gate' }, gate(rig, world, { HostName: DEAD_ADDRESS })),
  },
  {
    name: 'jump host that is silent',
    ...refused(/./, /jump host|ProxyJump/i),
    prepare: (rig, world) => {
      const silent = { HostName: SILENT_ADDRESS, Port: rig.servers.target.port };
      return inner(rig, world, { ProxyJump: 'gate' }, gate(rig, world, silent));
    },
  },
  {
    name: 'jump host that forwards nothing',
    ...refused(/./, /jump host|ProxyJump|forwarding/i),
    prepare: (rig, world) =>
      inner(rig, world, { ProxyJump: 'gate' }, gate(rig, world, { Port: rig.servers.closedJump.port })),
  },
  {
    name: 'jump host with an unknown host key',
    ...refused(/./, /host key/i),
    prepare: (rig, world) =>
      inner(rig, world, { ProxyJump: 'gate' }, gate(rig, world, { HostKeyAlias: 'nowhere-known' })),
  },
  {
    name: 'ProxyJump in a circle',
    ...refused(/./, /ProxyJump|circle|loop/i),
    prepare: (rig, world) => inner(rig, world, { ProxyJump: 'gate' }, gate(rig, world, { ProxyJump: 'web1' })),
  },
];

const OPTIONS: readonly Way[] = [
  {
    name: 'a configuration that others can write',
    ...refused(/./, /permission|owner/i),
    prepare: (rig, world) => {
      web1(rig, world);
      chmodSync(join(world.home, '.ssh', 'config'), 0o666);
      return WEB1;
    },
  },
  {
    name: 'an old host',
    ...refused(/^NegotiationFailed$/, /SHA-1|diffie-hellman-group14-sha1/),
    prepare: (rig, world) => web1(rig, world, { Port: rig.servers.old.port }),
  },
  {
    name: 'Match exec that does not hold',
    ...refused(/^AuthenticationFailed$/, /./),
    prepare: (rig, world) =>
      web1(rig, world, { User: [], IdentityFile: [] }, block('Match exec false', { User: 'web', ...FLEET })),
  },
  {
    name: 'an option that ssh does not know',
    ...refused(/./, /NoSuchOption/i),
    prepare: (rig, world) => web1(rig, world, { NoSuchOption: 'yes' }),
  },
  {
    name: 'arguments: an option that ssh does not know',
    ...refused(/./, /NoSuchOption/i),
    prepare: (rig, world) => {
      web1(rig, world);
      return byArguments(['-o', 'NoSuchOption=yes'], { ansible_host: 'web1' });
    },
  },
  {
    name: 'arguments: -o Port of a closed port, by way of a ProxyCommand',
    ...refused(/./, /ProxyCommand/),
    prepare: (rig, world) => {
      web1(rig, world);
      return byArguments(['-o', `ProxyCommand=busybox nc ${DEAD_ADDRESS} %p`], { ansible_host: 'web1' });
    },
  },
  {
    name: 'a name that nobody knows',
    ...refused(/^NameNotResolved$/, /no-such-host/),
    prepare: (rig, world) => {
      web1(rig, world, { HostName: 'no-such-host.test' });
      return WEB1;
    },
  },
];

export const REFUSED_WAYS: readonly Way[] = [...KEYS, ...HOST_KEYS, ...PROXIES, ...OPTIONS];
