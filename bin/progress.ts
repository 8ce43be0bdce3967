/** A progress bar on a terminal's stderr. A pipe gets nothing. */
import type { InstanceReport } from '../lambda/model.ts';
import type { Output } from './command-io.ts';

export interface Progress {
  discovered(count: number): void;
  assessed(instance: InstanceReport): void;
  stop(): void;
}

const SILENT: Progress = { discovered() {}, assessed() {}, stop() {} };

export async function startProgress(stderr: Output): Promise<Progress> {
  if (stderr.isTTY !== true) return SILENT;
  const { SingleBar } = await import('cli-progress');
  const counts = { OK: 0, WARNING: 0, UNKNOWN: 0, CRITICAL: 0 };
  const bar = new SingleBar({
    stream: stderr as NodeJS.WriteStream,
    format:
      '{bar} {value}/{total}  {CRITICAL} CRITICAL  {UNKNOWN} UNKNOWN  {WARNING} WARNING  {OK} OK  {duration_formatted}',
    barsize: 20,
    barCompleteChar: '#',
    barIncompleteChar: '-',
    clearOnComplete: true,
    // The terminal's own state is left alone: a second Ctrl-C would leave it changed.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
  });
  return {
    discovered: (count) => bar.start(count, 0, counts),
    assessed: ({ status }) => {
      counts[status]++;
      bar.increment(1, counts);
    },
    stop: () => {
      if (bar.isActive) bar.stop();
    },
  };
}
