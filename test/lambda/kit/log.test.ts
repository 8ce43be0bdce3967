import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../../lambda/kit/log.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is written meanwhile to both streams, line by line. */
function written(act: () => void): string[] {
  const parts: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((part) => {
      parts.push(String(part));
      return true;
    });
  }
  act();
  vi.restoreAllMocks();
  return parts.join('').trimEnd().split('\n');
}

describe('createLog', () => {
  it.each(['info', 'warn', 'error'] as const)('writes one JSON line for an event of level %s', (level) => {
    const lines = written(() => createLog()[level]('probe.failed', { instanceId: 'i-1', text: 'a\nb\u2028' }));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: level.toUpperCase(),
      service: 'crawlwatch',
      event: 'probe.failed',
      message: 'probe.failed',
      instanceId: 'i-1',
      text: 'a\nb\u2028',
    });
  });

  it("keeps the event's name though a field is called like it", () => {
    const [line = ''] = written(() => createLog().info('check.done', { event: 'other', message: 'other' }));
    expect(JSON.parse(line)).toMatchObject({ event: 'check.done', message: 'check.done' });
  });
});
