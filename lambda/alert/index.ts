/** Which change is news, in which words, and through which channel. */
export { fixFor } from './commands.ts';
export { composeAlert } from './message.ts';
export { planMail } from './plan.ts';
export { listSubscriptions, publishAlert, subscriptionState } from './sns.ts';
export { isGone, mailable, overtaken, withFlag, withoutFlag, writesAfterMail, writesBeforeMail } from './writes.ts';
