/** Plays the story on the page, over and over, and takes what a person asks for in between. */
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { answerHtml } from '../../lambda/remedy-handler.ts';
import type { DemoSandbox } from './sandbox.ts';
import type { PageServer } from './server.ts';
import { type Moment, openStory } from './story.ts';
import { type MailedAt, viewOf } from './view.ts';

/** Long enough to read what has happened; the last moment stays longer, before the story starts again. */
const MOMENT_MS = 6_000;
const QUIET_MOMENT_MS = 3_000;
const LAST_MOMENT_MS = 15_000;
/** After a click, to read the answer and to click again. */
const CLICKED_MS = 12_000;

/** What the page's buttons may ask the remedy function for. */
const BUTTONS: readonly unknown[] = ['reboot', 'restart-worker', 'restart-sshd', 'unflag', 'pause', 'resume'];

/** @returns the answer as the widget's pop-up has it */
export async function press(sandbox: DemoSandbox, event: unknown): Promise<string> {
  const { action } = (event ?? {}) as { readonly action?: unknown };
  const why = `the page asks for ${BUTTONS.join(', ')} alone`;
  if (!BUTTONS.includes(action)) return answerHtml({ done: false, instanceId: null, why }, action);
  // Like the console, which says that a widget asks.
  return answerHtml(await sandbox.request({ ...(event as object), widgetContext: {} }), action);
}

/** One showing of the story, from its first moment to its last. */
export async function playStory(server: PageServer, signal: AbortSignal): Promise<void> {
  const story = await openStory();
  const { sandbox } = story;
  // A check and an act at the same time would meet on the same host.
  const inTurn = pLimit(1);
  const mails: MailedAt[] = [];
  let shown: Moment | null = null;
  let clicked = false;
  const show = async (moment: Moment) => {
    shown = moment;
    server.show(await viewOf(sandbox, moment, mails));
  };
  const rest = async (ms: number) => {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
    while (clicked && !signal.aborted) {
      clicked = false;
      await sleep(CLICKED_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  server.take((event) =>
    inTurn(async () => {
      clicked = true;
      const mailed = sandbox.aws.topic.published.length;
      const answer = await press(sandbox, event);
      const at = sandbox.clock.now();
      mails.push(...sandbox.aws.topic.published.slice(mailed).map(({ subject, body }) => ({ at, subject, body })));
      if (shown !== null) await show(shown);
      return answer;
    }),
  );
  try {
    for (let moment = await inTurn(story.next); moment !== null && !signal.aborted; moment = await inTurn(story.next)) {
      const { at, says } = moment;
      mails.push(...moment.mails.map(({ subject, body }) => ({ at, subject, body })));
      await show(moment);
      await rest(says === null ? QUIET_MOMENT_MS : MOMENT_MS);
    }
    await rest(LAST_MOMENT_MS);
  } finally {
    server.take(null);
    await inTurn(story.close);
  }
}
