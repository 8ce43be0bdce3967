/** The SSM transport: runs the probe by Run Command, in batches, and names every failure by what SSM reports. */
export { findProbeDocument } from './document.ts';
export { ssmIn } from './in-places.ts';
export { describeNodes } from './nodes.ts';
export { ssmTransport } from './transport.ts';
