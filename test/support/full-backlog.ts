/** A listening socket whose queue of connections is full: Linux then drops every further SYN, as a dead host would. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Listens with the shortest queue, posts the port, and then accepts nothing: its thread sleeps until it is ended or due. */
const SLEEPS = `
  const { createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, workerData));
  });`;

/** @param forMs after this it accepts like any other @default for ever */
export async function fullBacklog(forMs = Number.POSITIVE_INFINITY): Promise<{ port: number; close(): Promise<void> }> {
  const worker = new Worker(SLEEPS, { eval: true, workerData: forMs });
  const [port] = (await once(worker, 'message')) as [number];
  const fillers = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  // The queue holds two; these are the first to be let in.
  await Promise.race(fillers.map((socket) => once(socket, 'connect')));
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
}
