/** Which incident is news, in which words, and through which channel. */

export { type ActsSaid, NO_ACTS } from './acts-said.ts';
export { announceUnremembered, openMail, sendMail } from './announce.ts';
export { fixFor } from './commands.ts';
export { originOf } from './details.ts';
export { putEvents } from './events.ts';
export { composeRemedyAlert } from './message.ts';
export { listSubscriptions, publishAlert, type Subscription, subscriptionState } from './sns.ts';
export { howToSubscribe } from './subscribe.ts';
