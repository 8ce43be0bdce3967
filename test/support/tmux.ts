/** A terminal to type into and to look at: a tmux server of its own (Debian's package `tmux`). */
import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

export interface Terminal {
  /** Types text, then presses keys by tmux's names: `Enter`, `C-c`. */
  type(text: string, ...keys: string[]): void;
  /** What is on the screen. */
  screen(): string;
  /** The same with its colours, as SGR escapes. */
  inColour(): string;
  /** The screen as soon as it is so, and stays as it is for a moment: not half drawn. */
  until(isSo: (screen: string) => boolean): Promise<string>;
  /** Whether the cursor is shown. */
  hasCursor(): boolean;
  resize(columns: number, rows: number): void;
  close(): void;
}

/** Within this it has come, or never will. */
const PATIENCE_MS = 30_000;

export function openTerminal(
  size: { readonly columns: number; readonly rows: number },
  given: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
  shell = 'sh',
): Terminal {
  const socket = `crawlwatch-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const tmux = (...words: string[]) =>
    execFileSync('tmux', ['-u', '-L', socket, '-f', '/dev/null', ...words], {
      encoding: 'utf8',
      cwd: given.cwd,
      // Its socket outlives the server: it goes with the folder.
      env: { ...process.env, TMUX_TMPDIR: given.cwd },
    });
  const env = Object.entries(given.env).map(([name, value]) => `${name}=${value}`);
  const [columns, rows] = [String(size.columns), String(size.rows)];
  tmux('new-session', '-d', '-x', columns, '-y', rows, 'env', '-i', 'TERM=screen-256color', ...env, shell);
  const screen = () => tmux('capture-pane', '-p').trimEnd();
  return {
    type: (text, ...keys) => {
      tmux('send-keys', '-l', text);
      if (keys.length > 0) tmux('send-keys', ...keys);
    },
    screen,
    inColour: () => tmux('capture-pane', '-p', '-e').trimEnd(),
    async until(isSo) {
      let before = '';
      for (const end = performance.now() + PATIENCE_MS; ; await pause(50)) {
        const now = screen();
        if (isSo(now) && now === before) return now;
        before = now;
        if (performance.now() > end) throw new Error(`it never came; the screen is\n${now}`);
      }
    },
    hasCursor: () => tmux('display-message', '-p', '#{cursor_flag}').trim() === '1',
    resize: (to, high) => {
      tmux('resize-window', '-x', String(to), '-y', String(high));
    },
    close: () => {
      tmux('kill-server');
    },
  };
}
