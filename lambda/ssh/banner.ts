/** The first thing a host sends: its identification line, a refusal, or something that isn't SSH. */
import { type Failure, isRefusal, notSsh, refused, type Where } from './failures.ts';

/**
 * Longest line, and most lines with that of the banner (RFC 4253, 4.2), as in OpenSSH's client: SSH_MAX_BANNER_LEN and
 * SSH_MAX_PRE_BANNER_LINES of its ssh.h. Of these 8 MiB no more than one line is kept.
 */
const LINE_MAX = 8 * 1024;
const LINES_MAX = 1024;

export type Banner =
  | { readonly kind: 'more' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** `rest` begins with the identification line itself. */
  | { readonly kind: 'banner'; readonly line: string; readonly rest: Buffer };

/** Reads up to the identification line, in whatever pieces it comes. */
export class BannerReader {
  #pending: Buffer = Buffer.alloc(0);
  #lines = 0;
  /** What came instead of a banner so far, for the sentence; empty or the start of a banner where that is all. */
  received = '';

  constructor(private readonly where: Where) {}

  push(chunk: Buffer): Banner {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (let end = this.#pending.indexOf(10); end >= 0; end = this.#pending.indexOf(10)) {
      const line = this.#pending.toString('latin1', 0, end).replace(/\r$/, '');
      if (isRefusal(line)) return { kind: 'failed', failure: refused(this.where, line) };
      if (line.startsWith('SSH-')) {
        // ssh2 refuses one with a carriage return within, which it does not see where it has spoken first.
        return /^SSH-(2\.0|1\.99)-[^ \r][^\r]*$/.test(line)
          ? { kind: 'banner', line, rest: this.#pending }
          : this.#notSsh(line);
      }
      // Lines of text may precede the banner; a binary one isn't text.
      this.#lines += 1;
      if (end > LINE_MAX || this.#lines >= LINES_MAX || line.includes('\0')) return this.#notSsh(line);
      this.received ||= line;
      this.#pending = this.#pending.subarray(end + 1);
    }
    const open = this.#pending.toString('latin1');
    if (open.length > LINE_MAX || open.includes('\0')) return this.#notSsh(open);
    this.received ||= open;
    return { kind: 'more' };
  }

  #notSsh(line: string): Banner {
    return { kind: 'failed', failure: notSsh(this.where.endpoint, this.received || line) };
  }
}
