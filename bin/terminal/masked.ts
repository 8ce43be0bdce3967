/** Enough of an endpoint to recognise one's own; such reports are pasted into tickets. */
export function masked(endpoint: string): string {
  const [local = '', domain] = endpoint.split(/@(?=[^@]*$)/);
  if (domain !== undefined) return `${local.slice(0, 1)}***@${domain}`;
  if (endpoint.startsWith('arn:')) return `...:${endpoint.split(':').at(-1)}`;
  const host = /^https?:\/\/([^/?#]+)/.exec(endpoint)?.[1];
  return host === undefined ? `***${endpoint.slice(-2)}` : `${host}/...`;
}
