/** Errors of the system by which this side, not the host that was to be asked, has run out of something. */

const LIMITS: Readonly<Record<string, string>> = {
  EMFILE: 'this process may open no more files and connections (EMFILE): raise its limit (ulimit -n), or lower forks',
  ENFILE: 'this machine may open no more files (ENFILE): raise fs.file-max here, or lower forks',
  ENOMEM: 'this machine has no memory to spare (ENOMEM): free some here, or lower forks',
  ENOBUFS: 'this machine has no memory to spare for connections (ENOBUFS): free some here, or lower forks',
  EADDRNOTAVAIL:
    'this machine has no local address or port to connect from (EADDRNOTAVAIL): see its addresses and net.ipv4.ip_local_port_range, or lower forks',
  EAGAIN: 'this side may start or open no more (EAGAIN): raise its limits (ulimit -u, ulimit -n), or lower forks',
};

/**
 * What this side has run out of and what to do, to end a sentence with; null where the error is about something else.
 * @param code as in `NodeJS.ErrnoException`
 */
export const ownLimit = (code: string | undefined): string | null =>
  code !== undefined && Object.hasOwn(LIMITS, code) ? (LIMITS[code] ?? null) : null;
