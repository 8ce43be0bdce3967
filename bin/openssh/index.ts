/** The way to hosts through OpenSSH's own client, for what the fast path lacks: ProxyCommand, certificates and the like. */
export { type FallbackOptions, opensshWayText, withOpenssh } from './fallback.ts';
