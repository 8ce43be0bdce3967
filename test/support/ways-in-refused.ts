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
    prepare: (rig, account) => {
      account.copyKey('stranger', 'stranger');
      return web1(rig, account, { IdentityFile: '~/.ssh/stranger' });
    },
  },
  {
    name: 'no key at all',
    ...refused(/^AuthenticationFailed$/, /key/i),
    prepare: (rig, account) => web1(rig, account, { IdentityFile: [] }),
  },
  {
    name: 'a key with a passphrase, and no agent',
    ...refused(/^AuthenticationFailed$/, /passphrase/i),
    prepare: (rig, account) => {
      rewritten(account, 'ecdsa', 'locked', '-N', 'not asked for');
      return web1(rig, account, { IdentityFile: '~/.ssh/locked' });
    },
  },
  {
    name: 'IdentitiesOnly with the wrong file, the right key in the agent',
    ...refused(/^AuthenticationFailed$/, /key/i),
    prepare: async (rig, account) => {
      account.setEnv('SSH_AUTH_SOCK', await account.agent([rig.key('fleet')]));
      account.copyKey('stranger', 'stranger');
      return web1(rig, account, { IdentityFile: '~/.ssh/stranger', IdentitiesOnly: 'yes' });
    },
  },
  {
    name: 'IdentityAgent none, the right key in the agent',
    ...refused(/^AuthenticationFailed$/, /key/i),
    prepare: async (rig, account) => {
      account.setEnv('SSH_AUTH_SOCK', await account.agent([rig.key('fleet')]));
      return web1(rig, account, { IdentityFile: [], IdentityAgent: 'none' });
    },
  },
  {
    name: 'agent with more keys than the host takes',
    ...refused(/^AuthenticationFailed$/, /too many authentication failures/i),
    prepare: async (rig, account) => {
      account.setEnv('SSH_AUTH_SOCK', await account.agent([...strangers(account, 7), rig.key('fleet')]));
      return web1(rig, account, { Port: rig.servers.impatient.port, IdentityFile: [] });
    },
  },
  {
    name: 'another user',
    ...refused(/^AuthenticationFailed$/, /"?jump"?/),
    prepare: (rig, account) => web1(rig, account, { User: 'jump' }),
  },
  {
    name: 'expired certificate user',
    ...refused(/^AuthenticationFailed$/, /certificate/i),
    prepare: (rig, account) => {
      const certificate = userCertificate(rig, 'user-expired', ['-n', 'web', '-V', '20200101:20200201']);
      account.copyKey('certified', 'certified', { certificate });
      return web1(rig, account, { IdentityFile: '~/.ssh/certified' });
    },
  },
  {
    name: 'certificate user for another principal',
    ...refused(/^AuthenticationFailed$/, /certificate/i),
    prepare: (rig, account) => {
      const certificate = userCertificate(rig, 'user-other', ['-n', 'jump', '-V', '+1h']);
      account.copyKey('certified', 'certified', { certificate });
      return web1(rig, account, { IdentityFile: '~/.ssh/certified' });
    },
  },
  {
    name: 'certificate user by another authority',
    ...refused(/^AuthenticationFailed$/, /certificate/i),
    prepare: (rig, account) => {
      const certificate = userCertificate(rig, 'user-foreign', ['-n', 'web', '-V', '+1h'], 'otherCa');
      account.copyKey('certified', 'certified');
      return web1(rig, account, { IdentityFile: '~/.ssh/certified', CertificateFile: certificate });
    },
  },
  {
    name: 'a private key that others can read',
    ...refused(/^AuthenticationFailed$/, /permission|others can read|too open|0644/i),
    prepare: (rig, account) => {
      const target = web1(rig, account, { IdentityFile: '~/.ssh/shown' });
      chmodSync(account.copyKey('ecdsa', 'shown'), 0o644);
      return target;
    },
  },
  {
    name: 'PubkeyAuthentication no',
    ...refused(/^AuthenticationFailed$/, /./),
    prepare: (rig, account) => web1(rig, account, { PubkeyAuthentication: 'no' }),
  },
  {
    name: 'PreferredAuthentications without keys',
    ansibleGetsIn: true,
    ...refused(/^AuthenticationFailed$/, /./),
    prepare: (rig, account) => web1(rig, account, { PreferredAuthentications: 'keyboard-interactive,password' }),
  },
  {
    name: 'two keys wanted, of which one is right',
    ...refused(/^AuthenticationFailed$/, /./),
    prepare: (rig, account) => web1(rig, account, { Port: rig.servers.twoKeys.port }),
  },
  {
    name: 'none, for a user who needs a key',
    ...refused(/^AuthenticationFailed$/, /key/i),
    prepare: (rig, account) => web1(rig, account, { User: 'open', IdentityFile: [] }),
  },
];

const HOST_KEYS: readonly Way[] = [
  {
    name: 'unknown host key',
    ...refused(/^HostKeyUnknown$/, /known_hosts|not known|unknown/i),
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', '');
      return web1(rig, account);
    },
  },
  {
    name: 'another host key',
    ...refused(/^HostKeyMismatch$/, /host key/i),
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', `[127.0.0.1]:${rig.servers.target.port} ${rig.publicKey('stranger')}\n`);
      return web1(rig, account);
    },
  },
  {
    name: 'another host key, with StrictHostKeyChecking accept-new',
    ...refused(/^HostKeyMismatch$/, /host key/i),
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', `[127.0.0.1]:${rig.servers.target.port} ${rig.publicKey('stranger')}\n`);
      return web1(rig, account, { StrictHostKeyChecking: 'accept-new' });
    },
  },
  {
    name: 'revoked host key',
    ...refused(/^HostKeyMismatch$/, /revoked/i),
    prepare: (rig, account) => {
      const { port, hostKeys } = rig.servers.target;
      const lines = Object.values(hostKeys).map((key) => `[127.0.0.1]:${port} ${key}\n@revoked * ${key}\n`);
      account.put('.ssh/known_hosts', lines.join(''));
      return web1(rig, account);
    },
  },
  {
    name: 'RevokedHostKeys',
    ...refused(/^HostKeyMismatch$/, /revoked/i),
    prepare: (rig, account) => {
      const file = account.put('revoked', Object.values(rig.servers.target.hostKeys).join('\n'));
      return web1(rig, account, { RevokedHostKeys: file });
    },
  },
  {
    name: 'a host key that is known by its address, and HostKeyAlias',
    ...refused(/^HostKeyUnknown$/, /other-name|known_hosts|not known|unknown/i),
    prepare: (rig, account) => web1(rig, account, { HostKeyAlias: 'other-name' }),
  },
  {
    name: 'a host key that only ~/.ssh/known_hosts has, and UserKnownHostsFile',
    ...refused(/^HostKeyUnknown$/, /known_hosts|not known|unknown/i),
    prepare: (rig, account) => {
      account.put('.ssh/others', '');
      return web1(rig, account, { UserKnownHostsFile: '~/.ssh/others' });
    },
  },
  {
    name: 'certificate host by another authority',
    ...refused(/^HostKey(Unknown|Mismatch)$/, /host key|certificate/i),
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', `@cert-authority *.test ${rig.publicKey('otherCa')}\n`);
      return web1(rig, account, { Port: rig.servers.hostCertified.port, HostKeyAlias: 'web1.test' });
    },
  },
  {
    name: 'certificate host for another name',
    ...refused(/^HostKey(Unknown|Mismatch)$/, /certificate|host key/i),
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', `@cert-authority *.test ${rig.publicKey('hostCa')}\n`);
      return web1(rig, account, { Port: rig.servers.hostCertified.port, HostKeyAlias: 'web2.test' });
    },
  },
  {
    name: 'expired certificate host',
    ...refused(/^HostKey(Unknown|Mismatch)$/, /certificate|host key/i),
    prepare: (rig, account) => {
      account.put('.ssh/known_hosts', `@cert-authority *.test ${rig.publicKey('hostCa')}\n`);
      return web1(rig, account, { Port: rig.servers.hostExpired.port, HostKeyAlias: 'web1.test' });
    },
  },
];

const PROXIES: readonly Way[] = [
  {
    name: 'ProxyCommand that fails',
    ...refused(/./, /ProxyCommand.*no such door|no such door.*ProxyCommand/s),
    prepare: (rig, account) =>
      inner(rig, account, { ProxyCommand: script(account, 'echo no such door >&2', 'exit 1') }),
  },
  {
    name: 'ProxyCommand that is not installed',
    ...refused(/./, /ProxyCommand/),
    prepare: (rig, account) => inner(rig, account, { ProxyCommand: 'no-such-program %h %p' }),
  },
  {
    name: 'ProxyCommand that says nothing',
    ...refused(/./, /ProxyCommand/),
    prepare: (rig, account) => inner(rig, account, { ProxyCommand: script(account, 'exec sleep 60') }),
  },
  {
    name: 'ProxyCommand that breaks off in the middle of the key exchange',
    ...refused(/./, /ProxyCommand/),
    prepare: (rig, account) => {
      const first = 'dd bs=1 count=900 2>/dev/null';
      const command = script(account, `${first} | busybox nc 127.0.0.1 "$1" | ${first}`);
      return inner(rig, account, { ProxyCommand: `${command} %p` });
    },
  },
  {
    name: 'jump host with the wrong key',
    ...refused(/./, /jump host|ProxyJump/i),
    prepare: (rig, account) => {
      account.copyKey('stranger', 'stranger');
      return inner(rig, account, { ProxyJump: 'gate' }, gate(rig, account, { IdentityFile: '~/.ssh/stranger' }));
    },
  },
  {
    name: 'jump host that refuses',
    ...refused(/./, /jump host|ProxyJump/i),
    prepare: (rig, account) =>
      inner(rig, account, { ProxyJump: 'gate' }, gate(rig, account, { HostName: DEAD_ADDRESS })),
  },
  {
    name: 'jump host that is silent',
    ...refused(/./, /jump host|ProxyJump/i),
    prepare: (rig, account) => {
      const silent = { HostName: SILENT_ADDRESS, Port: rig.servers.target.port };
      return inner(rig, account, { ProxyJump: 'gate' }, gate(rig, account, silent));
    },
  },
  {
    name: 'jump host that forwards nothing',
    ...refused(/./, /jump host|ProxyJump|forwarding/i),
    prepare: (rig, account) =>
      inner(rig, account, { ProxyJump: 'gate' }, gate(rig, account, { Port: rig.servers.closedJump.port })),
  },
  {
    name: 'jump host with an unknown host key',
    ...refused(/./, /host key/i),
    prepare: (rig, account) =>
      inner(rig, account, { ProxyJump: 'gate' }, gate(rig, account, { HostKeyAlias: 'nowhere-known' })),
  },
  {
    name: 'ProxyJump in a circle',
    ...refused(/./, /ProxyJump|circle|loop/i),
    prepare: (rig, account) => inner(rig, account, { ProxyJump: 'gate' }, gate(rig, account, { ProxyJump: 'web1' })),
  },
];

const OPTIONS: readonly Way[] = [
  {
    name: 'a configuration that others can write',
    ...refused(/./, /permission|owner/i),
    prepare: (rig, account) => {
      web1(rig, account);
      chmodSync(join(account.home, '.ssh', 'config'), 0o666);
      return WEB1;
    },
  },
  {
    name: 'an old host',
    ...refused(/^NegotiationFailed$/, /SHA-1|diffie-hellman-group14-sha1/),
    prepare: (rig, account) => web1(rig, account, { Port: rig.servers.old.port }),
  },
  {
    name: 'Match exec that does not hold',
    ...refused(/^AuthenticationFailed$/, /./),
    prepare: (rig, account) =>
      web1(rig, account, { User: [], IdentityFile: [] }, block('Match exec false', { User: 'web', ...FLEET })),
  },
  {
    name: 'an option that ssh does not know',
    ...refused(/./, /NoSuchOption/i),
    prepare: (rig, account) => web1(rig, account, { NoSuchOption: 'yes' }),
  },
  {
    name: 'arguments: an option that ssh does not know',
    ...refused(/./, /NoSuchOption/i),
    prepare: (rig, account) => {
      web1(rig, account);
      return byArguments(['-o', 'NoSuchOption=yes'], { ansible_host: 'web1' });
    },
  },
  {
    name: 'arguments: -o Port of a closed port, by way of a ProxyCommand',
    ...refused(/./, /ProxyCommand/),
    prepare: (rig, account) => {
      web1(rig, account);
      return byArguments(['-o', `ProxyCommand=busybox nc ${DEAD_ADDRESS} %p`], { ansible_host: 'web1' });
    },
  },
  {
    name: 'a name that nobody knows',
    ...refused(/^NameNotResolved$/, /no-such-host/),
    prepare: (rig, account) => {
      web1(rig, account, { HostName: 'no-such-host.test' });
      return WEB1;
    },
  },
];

export const REFUSED_WAYS: readonly Way[] = [...KEYS, ...HOST_KEYS, ...PROXIES, ...OPTIONS];
