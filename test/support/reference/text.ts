/** What every page of docs/reference begins with, and how its code is quoted. */

export const MADE = '<!-- Made by `npm run docs`: change the code that it is made from, not this page. -->';

export const code = (text: string): string => `\`${text}\``;

/** @param parts paragraphs, headings and tables after the title and the sentence of purpose. */
export const page = (title: string, purpose: string, ...parts: readonly string[]): string =>
  `${[`# ${title}`, purpose, MADE, ...parts].join('\n\n')}\n`;
