/** The first thing a host sends: its identification line, a refusal, or something that isn't SSH. */
import { type Failure, isRefusal, notSsh, refused, type Where } from './failures.ts';

/** Longest line, as in OpenSSH's client, and most of what may come before the banner (RFC 4253, 4.2). */
const LINE_MAX = 8 * 1024;
const TOTAL_MAX = 64 * 1024;

export type Banner =
  | { readonly kind: 'more' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** `rest` begins with the identification line itself. */
  | { readonly kind: 'banner'; readonly line: string; readonly rest: Buffer };

/** Reads up to the identification line, in whatever pieces it comes. */
export class BannerReader {
  #pending: Buffer = Buffer.alloc(0);
  #total = 0;
  /** What came instead of a banner so far, for the sentence; empty or the start of a banner where that is all. */
  received = '';

  constructor(private readonly where: Where) {}

  push(chunk: Buffer): Banner {
    this.#total += chunk.length;
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
      // A line of text may precede the banner; a binary one isn't text.
      if (line.includes('\0')) return this.#notSsh(line);
      this.received ||= line;
      this.#pending = this.#pending.subarray(end + 1);
    }
    const open = this.#pending.toString('latin1');
    if (open.length > LINE_MAX || this.#total > TOTAL_MAX || open.includes('\0')) return this.#notSsh(open);
    this.received ||= open;
    return { kind: 'more' };
  }

  #notSsh(line: string): Banner {
    return { kind: 'failed', failure: notSsh(this.where.endpoint, this.received || line) };
  }
}
