/** The algorithms of SSH: what current OpenSSH prefers and ssh2 knows, without SHA-1. */

/** Key algorithms in the order of preference. Not `ssh-rsa`: it signs with SHA-1 (RFC 8332). */
export const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

/**
 * In the order of preference. No larger or negotiated groups: a hostile host could keep this process busy with them, and
 * every sshd since 2011 has a curve. The MACs are for the `ctr` ciphers: the others have their own.
 */
export const ALGORITHMS = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
};

/** All that an ssh_config could allow. */
export const OFFERED = {
  kex: ALGORITHMS.kex,
  cipher: ALGORITHMS.cipher,
  hmac: ALGORITHMS.hmac,
  hostKey: HOST_KEY_ALGORITHMS,
} as const satisfies Record<string, readonly string[]>;

/** Key exchanges against quantum computers, which ssh2 lacks (OpenSSH has them since 8.5 and 9.9). */
const POST_QUANTUM = /^(sntrup\d|mlkem\d|ext-info-s$|kex-strict-s)/;

/** Whether a host's list of key exchanges holds only what is newer than this client. `list`: names with commas. */
export const isNewerOnly = (list: string): boolean => {
  const names = list.split(',');
  return names.some((name) => /\d/.test(name)) && names.every((name) => POST_QUANTUM.test(name));
};
