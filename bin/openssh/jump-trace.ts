/** How far the jump hosts of a ProxyJump came, from what their ssh processes log on the error stream with `-vvv`. Pure. */

export interface JumpTrace {
  /**
   * `unused`: a jump host has not let us in. `asked`: the last one is asked to connect to the host. `accepted`: it has
   * connected, since an OpenSSH or dropbear server confirms a channel no earlier (lambda/ssh/jump.ts). `unsure`: a server
   * of another make has confirmed a channel.
   */
  readonly state: 'unused' | 'asked' | 'unsure' | 'accepted';
}

/** Each jump host is a process of its own; all of them log on one stream. */
export function readJumpTrace(stderr: string): JumpTrace {
  const count = (pattern: RegExp) => stderr.match(pattern)?.length ?? 0;
  const hops = 1 + count(/^debug1: Executing proxy (dialer )?command: /gm);
  if (count(/^(debug1: )?Authenticated to /gm) < hops) return { state: 'unused' };
  const servers = [...stderr.matchAll(/^debug1: Remote protocol version [\d.]+, remote software version (\S*)/gm)];
  const isKnown = servers.length === hops && servers.every(([, name = '']) => /^(OpenSSH|dropbear)_/.test(name));
  if (count(/^debug2: channel \d+: open confirm rwindow /gm) < hops) return { state: 'asked' };
  return { state: isKnown ? 'accepted' : 'unsure' };
}
