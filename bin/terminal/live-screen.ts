/** Redraws lines in place on a terminal. What is above them, and what scrolled away, stays. */
import type { Output } from './io.ts';
import { textWidth } from './text-width.ts';

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

  /** @param lines together fewer rows than the terminal has; it wraps a line that is wider than itself */
  draw(lines: readonly string[]): void {
    const size = `${this.output.columns}x${this.output.rows}`;
    // A terminal that became narrower has wrapped the old lines: where they begin is unknown.
    const back = this.#size !== '' && size !== this.#size ? CLEAR : this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`;
    this.#size = size;
    const columns = this.output.columns || 80;
    const widths = lines.map(textWidth);
    this.#drawn = widths.reduce((rows, width) => rows + Math.max(1, Math.ceil(width / columns)), 0);
    // At the end of a full row the cursor is still on its last character, which END_OF_LINE would erase.
    const isFull = (width = 0) => width > 0 && width % columns === 0;
    const text = lines.map((line, i) => `${line}${isFull(widths[i]) ? '' : END_OF_LINE}\n`).join('');
    this.output.write(`${this.#hide()}\r${back}${text}${END_OF_SCREEN}`);
  }

  /** Leaves the last lines on the screen, with the cursor below them. */
  close(): void {
    if (!this.#isHidden) return;
    this.#isHidden = false;
    process.off('exit', this.#show).off('SIGTSTP', this.#suspend).off('SIGCONT', this.#resume);
    this.#show();
  }

  #hide(): string {
    if (this.#isHidden) return '';
    this.#isHidden = true;
    // For the ends that never reach close(): a second Ctrl-C, or Ctrl-Z.
    process.on('exit', this.#show).on('SIGTSTP', this.#suspend).on('SIGCONT', this.#resume);
    return HIDE_CURSOR;
  }

  #show = (): void => {
    this.output.write(SHOW_CURSOR);
  };

  #suspend = (): void => {
    this.#show();
    // The shell writes in between: the next lines go below.
    this.#drawn = 0;
    process.kill(process.pid, 'SIGSTOP');
  };

  #resume = (): void => {
    this.output.write(HIDE_CURSOR);
  };
}
