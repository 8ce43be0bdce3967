/** Shows a watch: as a live table on a terminal, else as a line for each change. */

import type { LoginCommand } from '../../lambda/judge/index.ts';
import { forTerminal, isoSeconds, plural } from '../../lambda/kit/index.ts';
import type { Report } from '../../lambda/model/index.ts';
import { summarise } from '../../lambda/report/index.ts';
import { tableStyle } from '../check/index.ts';
import type { CommandIo, Output } from '../terminal/index.ts';
import { countsText, LiveScreen } from '../terminal/index.ts';
import type { Change } from './changes.ts';
import { changeLine, timeOfDay, watchFrame } from './frame.ts';
import type { WatchState } from './state.ts';

/** One check of a watch, as it is shown. */
export interface WatchStep {
  readonly at: Date;
  /** Null: the check could not be made. */
  readonly report: Report | null;
  readonly changes: readonly Change[];
  /** What is wrong with the watch itself at this time. */
  readonly notices: readonly string[];
  readonly next: Date;
}

export interface WatchView {
  /** A check has begun; `answered` of `total` hosts have answered by now. */
  progress(answered: number, total: number): void;
  login(command: LoginCommand): void;
  checked(step: WatchStep): void;
  /** @param checks how many were made */
  end(checks: number): void;
}

/** Changes kept; the terminal has room for some of them. */
const CHANGES_KEPT = 50;
const REDRAW_MS = 250;

export const watchView = (state: WatchState, io: CommandIo): WatchView =>
  io.stdout.isTTY === true ? liveView(state, io) : plainView(state, io);

function liveView(state: WatchState, { stdout, env }: CommandIo): WatchView {
  const screen = new LiveScreen(stdout);
  let changes: readonly Change[] = [];
  let notices: readonly string[] = [];
  let status = 'the first check has begun';
  let last = '';
  let command: LoginCommand | null = null;
  let drawnAt = 0;

  function draw(): void {
    const { width, ...style } = tableStyle(stdout, env);
    const { instances } = state;
    const view = { instances, summary: summarise(instances), changes, notices, status };
    const size = { width: Math.max(20, (width ?? 80) - 1), rows: stdout.rows ?? 24 };
    const trends = ({ id }: { readonly id: string }) => state.trendsOf(id);
    const login = command === null ? {} : { login: command };
    screen.draw(watchFrame(view, { ...style, ...size, now: new Date(), trends, ...login }));
    drawnAt = performance.now();
  }

  return {
    progress(answered, total) {
      status = `${last}${total === 0 ? 'listing the hosts' : `${answered} of ${plural(total, 'host')} answered`}`;
      if (performance.now() - drawnAt >= REDRAW_MS || answered === 0) draw();
    },
    login(given) {
      command = given;
    },
    checked(step) {
      changes = [...changes, ...step.changes].slice(-CHANGES_KEPT);
      notices = step.notices;
      if (step.report !== null) {
        last = `checked at ${timeOfDay(step.at)} UTC in ${(step.report.durationMs / 1000).toFixed(1)} s; `;
      }
      status = `${last}next at ${timeOfDay(step.next)}, Ctrl-C ends`;
      draw();
    },
    end(checks) {
      status = `${last}ended after ${plural(checks, 'check')}`;
      draw();
      screen.close();
    },
  };
}

function plainView(state: WatchState, { stdout, stderr }: CommandIo): WatchView {
  let isFirst = true;
  const complain = newNotices(stderr);
  const counts = () => {
    const summary = summarise(state.instances);
    const hosts = plural(summary.checked, 'host');
    return summary.checked === 0 ? hosts : `${hosts}: ${countsText(summary, { colour: false })}`;
  };
  return {
    progress() {},
    login() {},
    checked({ at, changes, notices }) {
      if (isFirst) {
        stdout.write(`${isoSeconds(at)} ${counts()}\n`);
      }
      isFirst = false;
      for (const change of changes) stdout.write(`${changeLine(change)}\n`);
      complain(notices);
    },
    end(checks) {
      if (checks > 0) stdout.write(`${isoSeconds(new Date())} ended after ${plural(checks, 'check')}; ${counts()}\n`);
    },
  };
}

/** Prints the notices of one check after another, without those that the check before had too. */
export function newNotices(stderr: Output): (notices: readonly string[]) => void {
  let printed: readonly string[] = [];
  return (notices) => {
    for (const notice of notices.filter((one) => !printed.includes(one))) {
      stderr.write(`crawlwatch: ${forTerminal(notice)}\n`);
    }
    printed = notices;
  };
}
