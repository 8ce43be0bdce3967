/** What a host offered in its SSH_MSG_KEXINIT, for the sentence that says why there was nothing in common. */
import { quote } from './failures.ts';

/** ssh2's message ends in one of these; the order is that of the lists in the packet (RFC 4253, 7.1). */
const LISTS = ['key exchange algorithm', 'host key format', 'C->S cipher', 'S->C cipher', 'C->S MAC', 'S->C MAC'];
/** Packet length, padding length, message number, cookie. */
const FIRST_LIST = 4 + 1 + 1 + 16;

/**
 * `it offers only "..."`, or nothing where that can't be told.
 * @param sent what the host sent from its identification line on, unencrypted.
 * @param complaint ssh2's message, `Handshake failed: no matching ...`.
 */
export function offeredOnly(sent: Buffer, complaint: string): string {
  const wanted = LISTS.findIndex((list) => complaint.endsWith(list));
  let at = sent.indexOf(10) + 1 + FIRST_LIST;
  for (let list = 0; wanted >= 0 && at + 4 <= sent.length; list++) {
    const end = at + 4 + sent.readUInt32BE(at);
    if (list === wanted) return `it offers only ${quote(sent.toString('latin1', at + 4, end))}`;
    at = end;
  }
  return '';
}
