/** The whole system in a sandbox, printed at a terminal or served as a page. */
export { printChapter, printEnd, printStart } from './output.ts';
export { playStory } from './play.ts';
export type { Chapter } from './sandbox.ts';
export { startServer } from './server.ts';
export { openStory } from './story.ts';
