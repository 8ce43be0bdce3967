/** A report as the probe prints it, with a right last line. */
export function report(...lines: readonly string[]): string {
  const body = ['crawlwatch 1', ...lines, ''].join('\n');
  return `\n${body}end ${Buffer.byteLength(body)}\n`;
}

export const MEM = 'mem MemTotal=1000 MemFree=100 MemAvailable=400';
