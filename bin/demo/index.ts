/** The whole system in a sandbox, in the terminal and as a page. */
export { printChapter, printEnd, printStart } from './output.ts';
export { type PageServer, startServer } from './server.ts';
export { openStory } from './story.ts';
export { type MailedAt, viewOf } from './view.ts';
export { type Chapter, DemoWorld } from './world.ts';
