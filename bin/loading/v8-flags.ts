/**
 * What V8 is to do otherwise than by default.
 * @see https://nodejs.org/api/v8.html#v8setflagsfromstringflags
 */
import { setFlagsFromString } from 'node:v8';

/** To be called before anything is loaded: V8 refuses compiled code that was kept under other flags. */
export function setV8Flags(): void {
  // Tens of thousands of hosts leave much more garbage than there is to keep, and V8 would let its heap grow to four times
  // of what it kept last before it looks. With this it looks earlier, which costs a fleet of fifty thousand a second, and
  // small ones nothing.
  setFlagsFromString('--heap-growing-percent=15');
  optimizeAfter(400_000);
}

/** For a fleet so large that optimized code earns back what compiling it takes. */
export const optimizeAsUsual = (): void => optimizeAfter(67_584);

/**
 * Node 20's V8 compiles with optimizations what has run for three times its budget of bytecode, 66 kB by default. A check of
 * a hundred or a thousand hosts ends before that code has earned back what compiling it took, an eighth of the CPU. Later
 * versions count calls and have a cheaper compiler in between: they gain nothing. V8 prints flags that it doesn't know.
 */
function optimizeAfter(budget: number): void {
  if (process.versions.v8.startsWith('11.')) setFlagsFromString(`--interrupt-budget=${budget}`);
}
