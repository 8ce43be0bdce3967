export * from '../../sandbox/probe-output.ts';
