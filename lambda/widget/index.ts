/** Draws the dashboard's fleet table as HTML: rows from tags, figures from metrics, buttons for remedies. */
export { WIDGET_DOCS } from './docs.ts';
export { type Notice, noticesOf } from './notices.ts';
export { fleetRows, pageOf, withHistory } from './rows.ts';
export type { Theme } from './style.ts';
export { emptyView, failureView, fleetView } from './view.ts';
