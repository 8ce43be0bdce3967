/** A watch whose last check is served instead of shown; what is wrong with it goes to stderr. */
import type { Report } from '../../lambda/model/index.ts';
import { exporterText } from '../../lambda/report/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { newNotices, type WatchState, type WatchView } from '../watch/index.ts';

export interface ServedBy {
  /** Called once, when the hosts' source could be opened and the first check begins. */
  begun(): void;
  serve(metrics: string): void;
}

export function exporterView(state: WatchState, { stderr }: CommandIo, { begun, serve }: ServedBy): WatchView {
  let hasBegun = false;
  const complain = newNotices(stderr);
  let last: { readonly report: Report; readonly endedAt: Date } | null = null;
  return {
    progress() {
      if (!hasBegun) begun();
      hasBegun = true;
    },
    login() {},
    checked({ report, notices }) {
      complain(notices);
      // The watch knows since when.
      if (report !== null) last = { report: { ...report, instances: state.instances }, endedAt: new Date() };
      if (last !== null) serve(exporterText(last.report, { isSuccess: report !== null, endedAt: last.endedAt }));
    },
    end() {},
  };
}
