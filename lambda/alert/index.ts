/** Which incident is news, in which words, and through which channel. */

export { announceUnremembered, openMail, sendMail } from './announce.ts';
export { fixFor } from './commands.ts';
export { originOf } from './details.ts';
export { putEvents } from './events.ts';
export { type ActsSaid, NO_ACTS } from './mailing.ts';
export { composeRemedyAlert } from './message.ts';
export { howToSubscribe, listSubscriptions, publishAlert, type Subscription, subscriptionState } from './sns.ts';
