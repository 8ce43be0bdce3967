/** A picture on a terminal that is drawn anew in its place. The screen above it, and what scrolled away, stay. */
import type { Output } from './io.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const END_OF_LINE = '\u001b[K';
const END_OF_SCREEN = '\u001b[J';
const CLEAR = '\u001b[2J\u001b[H';

export class LiveScreen {
  #drawn = 0;
  #size = '';
  #isHidden = false;

  constructor(private readonly output: Output) {}

  /** At most as many lines as the terminal has less one, each narrower than it. */
  draw(lines: readonly string[]): void {
    const size = `${this.output.columns}x${this.output.rows}`;
    // A terminal that was made narrower has broken the old lines in two: nobody knows where they begin.
    const back = this.#size !== '' && size !== this.#size ? CLEAR : this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`;
    this.#size = size;
    this.#drawn = lines.length;
    const text = lines.map((line) => `${line}${END_OF_LINE}\n`).join('');
    this.output.write(`${this.#hide()}\r${back}${text}${END_OF_SCREEN}`);
  }

  /** Leaves the last picture standing, with the cursor beneath it. */
  close(): void {
    if (!this.#isHidden) return;
    this.#isHidden = false;
    process.off('exit', this.#show).off('SIGTSTP', this.#suspend).off('SIGCONT', this.#resume);
    this.#show();
  }

  #hide(): string {
    if (this.#isHidden) return '';
    this.#isHidden = true;
    // Also where a second Ctrl-C ends the process, or Ctrl-Z stops it.
    process.on('exit', this.#show).on('SIGTSTP', this.#suspend).on('SIGCONT', this.#resume);
    return HIDE_CURSOR;
  }

  #show = (): void => {
    this.output.write(SHOW_CURSOR);
  };

  #suspend = (): void => {
    this.#show();
    // The shell writes in between: the next picture goes beneath.
    this.#drawn = 0;
    process.kill(process.pid, 'SIGSTOP');
  };

  #resume = (): void => {
    this.output.write(HIDE_CURSOR);
  };
}
