/** Which incident is news, in which words, and through which channel. */
export { composeRemedyAlert } from './acts.ts';
export { announceUnremembered, openMail, sendMail } from './announce.ts';
export { fixFor } from './commands.ts';
export { type ActsSaid, NO_ACTS } from './one-mail.ts';
export { listSubscriptions, publishAlert, type Subscription, subscriptionState } from './sns.ts';
export { howToSubscribe } from './subscribe.ts';
