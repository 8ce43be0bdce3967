/** Signals to processes that a test has started, or that these have. */

/** Sends it, unless the process has ended meanwhile, which is seen later than it happens. @param pid a group's, where negative */
export function signalIfThere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
