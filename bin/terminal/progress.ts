/** A progress bar on a terminal's stderr. A pipe gets nothing. */
import type { InstanceReport } from '../../lambda/model/index.ts';
import type { Output } from './io.ts';

export interface Progress {
  discovered(count: number): void;
  assessed(instance: InstanceReport): void;
  /** Makes room for a question, and draws the bar again. */
  pause(): void;
  resume(): void;
  stop(): void;
}

const SILENT: Progress = { discovered() {}, assessed() {}, pause() {}, resume() {}, stop() {} };

export async function startProgress(stderr: Output): Promise<Progress> {
  if (stderr.isTTY !== true) return SILENT;
  // CommonJS: bundled, it has a default export alone.
  const { default: cliProgress } = await import('cli-progress');
  const counts = { OK: 0, WARNING: 0, UNKNOWN: 0, CRITICAL: 0 };
  const bar = new cliProgress.SingleBar({
    stream: stderr as NodeJS.WriteStream,
    format: (options, { progress, value, total, startTime }) => {
      const blocks = Math.round(progress * (options.barsize ?? 0));
      const drawn = '#'.repeat(blocks) + '-'.repeat((options.barsize ?? 0) - blocks);
      const found = Object.entries(counts).flatMap(([status, count]) => (count === 0 ? [] : [`${count} ${status}`]));
      return [`${drawn} ${value}/${total}`, ...found.toReversed(), timeText(value, total, startTime)].join('  ');
    },
    barsize: 20,
    clearOnComplete: true,
    // Leaves the terminal's state alone: after a second Ctrl-C it would stay changed.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
  });
  let [total, done] = [0, 0];
  const stop = () => {
    if (bar.isActive) bar.stop();
  };
  return {
    discovered: (count) => {
      total = count;
      bar.start(total, done);
    },
    assessed: ({ status }) => {
      counts[status]++;
      bar.update(++done);
    },
    pause: stop,
    resume: () => bar.start(total, done),
    stop,
  };
}

/** `4 s, about 2 s left`; an estimate, since the last hosts are often those that hang. */
function timeText(done: number, total: number, startedAt: number): string {
  const seconds = (Date.now() - startedAt) / 1000;
  const left = done === 0 || done === total ? null : (seconds * (total - done)) / done;
  return `${Math.round(seconds)} s${left === null ? '' : `, about ${Math.max(1, Math.ceil(left))} s left`}`;
}
