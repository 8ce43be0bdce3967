/** The dashboard's fleet table, as HTML. */
export { WIDGET_DOCS } from './docs.ts';
export { type Notice, noticesOf } from './notices.ts';
export { fleetRows, pageOf, withHistory } from './rows.ts';
export type { Theme } from './style.ts';
export { emptyView, failureView, fleetView } from './view.ts';
