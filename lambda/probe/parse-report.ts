/**
 * Finds the probe's report in what a host sent. The report begins with the line `crawlwatch 1` and ends with the line
 * `end BYTES`, which counts all before itself; banners around it are nothing to us.
 */

/** The script keeps under 2,400 bytes, which fit what SSM's ListCommandInvocations returns. */
const LONGEST_REPORT = 4096;
const VERSION = '1';

export type FoundReport =
  | {
      readonly kind: 'report';
      readonly lines: readonly string[];
      /** It ends at the line `part BYTES`: the host got no further than where it first needed another process. */
      readonly partial: boolean;
    }
  /** `why` is a sentence. It quotes nothing that the host sent. */
  | { readonly kind: 'none'; readonly why: string };

/**
 * Reads the first whole report. One pass: every character is looked at a fixed number of times and no more than one
 * report is held, whatever the length of the output. Carriage returns don't count.
 */
export function findReport(output: string): FoundReport {
  let why = output === '' ? 'The host sent nothing.' : 'The output holds no report of the probe.';
  let lines: string[] | null = null;
  let bytes = 0;
  let part = false;
  for (let at = 0; at < output.length; ) {
    const newline = output.indexOf('\n', at);
    const next = newline === -1 ? output.length : newline;
    // A line that no report can hold isn't copied.
    const line = next - at > LONGEST_REPORT ? null : output.slice(at, next).replaceAll('\r', '');
    at = next + 1;
    if (line?.startsWith('crawlwatch ')) {
      const version = line.slice('crawlwatch '.length);
      lines = version === VERSION ? [] : null;
      bytes = line.length + 1;
      part = false;
      why = lines === null ? `The report is not of version ${VERSION}.` : why;
      continue;
    }
    if (lines === null) continue;
    if (line?.startsWith('end ')) {
      const announced = line.slice('end '.length);
      if (announced === String(bytes)) return { kind: 'report', lines, partial: false };
      why = 'The report is cut or mixed with other output: its length is not the one that its last line gives.';
      lines = null;
    } else if (line === null || !/^[ -~]*$/.test(line)) {
      why = 'The report is garbled: it holds what the probe never prints.';
      lines = null;
    } else if (bytes + line.length >= LONGEST_REPORT) {
      why = 'The report is longer than any that the probe prints.';
      lines = null;
    } else {
      // True only while nothing follows it.
      part = line === `part ${bytes}` && newline !== -1;
      lines.push(line);
      bytes += line.length + 1;
    }
  }
  if (lines !== null && part) return { kind: 'report', lines, partial: true };
  return { kind: 'none', why: lines === null ? why : `The report is cut after ${bytes} bytes.` };
}
