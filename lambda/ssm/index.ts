/** The SSM transport: Run Command over batches, and typed failures. */
export { findProbeDocument } from './document.ts';
export { ssmIn } from './in-places.ts';
export { describeNodes } from './nodes.ts';
export { ssmTransport } from './transport.ts';
