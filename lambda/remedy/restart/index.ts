/** Restarting a worker or sshd: the scripts, their documents for SSM, and what they answer. */
export { RESTART_SCRIPTS, readRestart, ssmRestartSshdDocument, ssmRestartWorkerDocument } from './restart.ts';
