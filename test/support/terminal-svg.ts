/** Draws a terminal's screen as an SVG: text stays text, and each run of one colour is as wide as its columns. */
import stringWidth from 'string-width';

const CELL = { width: 8, height: 19 };
const MARGIN = 16;
/** Above the screen, for the window's three buttons. */
const BAR = 30;
const GROUND = '#16181d';
const INK = '#d6d9e0';
/** The colours 31 to 36 and 90 of a terminal (https://en.wikipedia.org/wiki/ANSI_escape_code#Colors), on a dark ground. */
const COLOURS: Readonly<Record<number, string>> = {
  ...{ 31: '#ff6b6b', 32: '#6bd68a', 33: '#ffd166', 34: '#7aa2ff', 35: '#d291ff', 36: '#66d9e8' },
  ...{ 90: '#8b90a0', 91: '#ff6b6b', 92: '#6bd68a', 93: '#ffd166' },
};

interface Style {
  readonly colour: number | undefined;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign);

/** SGR codes, as tmux's `capture-pane -e` writes them. @throws for one that it can't draw */
function after(style: Style, codes: readonly number[]): Style {
  let { colour, isBold, isDim } = style;
  for (const code of codes) {
    if (code === 0) [colour, isBold, isDim] = [undefined, false, false];
    else if (code === 1) isBold = true;
    else if (code === 2) isDim = true;
    else if (code === 22) [isBold, isDim] = [false, false];
    else if (code === 49) continue;
    else if (code === 39) colour = undefined;
    else if (COLOURS[code] !== undefined) colour = code;
    else throw new Error(`no colour for SGR ${code}`);
  }
  return { colour, isBold, isDim };
}

/** @param screen lines with SGR escapes and no others */
export function terminalSvg(screen: string, columns: number, title: string): string {
  const lines = screen.split('\n');
  const width = columns * CELL.width + 2 * MARGIN;
  const height = BAR + lines.length * CELL.height + MARGIN;
  let style: Style = { colour: undefined, isBold: false, isDim: false };
  const drawn = lines.flatMap((line, row) => {
    let column = 0;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what ends a run
    return line.split(/\x1b\[([\d;]*)m/).flatMap((part, nth) => {
      if (nth % 2 === 1) {
        style = after(style, part.split(';').map(Number));
        return [];
      }
      const from = column;
      column += stringWidth(part);
      const text = part.trimEnd();
      if (text === '') return [];
      const at = MARGIN + from * CELL.width;
      const { colour, isBold, isDim } = style;
      const looks = [
        ...(colour === undefined ? [] : [` fill="${COLOURS[colour]}"`]),
        ...(isBold ? [' font-weight="700"'] : []),
        ...(isDim ? [' opacity="0.6"'] : []),
      ].join('');
      const y = BAR + (row + 0.75) * CELL.height;
      const long = stringWidth(text) * CELL.width;
      return [`<text x="${at}" y="${y}" textLength="${long}"${looks} xml:space="preserve">${escaped(text)}</text>`];
    });
  });
  const buttons = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, nth) => `<circle cx="${MARGIN + 6 + nth * 20}" cy="16" r="6" fill="${colour}"/>`,
  );
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${GROUND}"/>`,
    ...buttons,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="${INK}">`,
    ...drawn,
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}
