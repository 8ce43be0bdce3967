/** The commands that look at hosts themselves, with or without a deployed stack. */
export { addCheck } from './check.ts';
export { addExporter } from './exporter.ts';
export { addProbe } from './probe.ts';
export { addWatch } from './watch.ts';
