/** Serves the last check of a watch over HTTP, for Prometheus. */
export { openText, parseListen, startText } from './listen.ts';
export { type Exporter, startExporter } from './server.ts';
export { exporterView } from './view.ts';
