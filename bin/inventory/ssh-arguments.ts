/** Splits ssh's options as Ansible does. What they mean is read where the way to a host is decided. */
import { shellWords } from './ini.ts';
import { bad, ok, type Parsed } from './parsed.ts';

/** Options of ssh that take a value (https://man.openbsd.org/ssh). */
const WITH_VALUE = 'BbcDEeFIiJLlmOoPpQRSWw';

/** With these ssh runs no command of ours, or gives it no input. */
const WITHOUT_COMMAND = 'fGNnOQsVW';

/** Splits `-o Foo=1 -J bastion` into words. Refuses what is no option: ssh would take it for the host. */
export function splitArguments(text: string): Parsed<readonly string[]> {
  const split = shellWords(text, false);
  if (split.kind === 'bad') return bad(`options of ssh with ${split.expected}`);
  const words = split.value.map((word) => word.trim()).filter((word) => word !== '');
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (!/^-[^-]/.test(word)) return bad(`options of ssh alone: ${JSON.stringify(word)} is none`);
    const valued = [...word].findIndex((letter, n) => n > 0 && WITH_VALUE.includes(letter));
    const letters = valued < 0 ? word.slice(1) : word.slice(1, valued + 1);
    const odd = [...letters].find((letter) => WITHOUT_COMMAND.includes(letter));
    if (odd !== undefined) return bad(`options with which ssh runs a command: not -${odd}`);
    if (valued !== word.length - 1) continue;
    if (words[++i] === undefined) return bad(`a value after ${word}`);
  }
  return ok(words);
}
