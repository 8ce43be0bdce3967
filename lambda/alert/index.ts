/** Which incident is news, in which words, and through which channel. */
export { composeRemedyAlert } from './acts.ts';
export { announce, announceUnremembered } from './announce.ts';
export { fixFor } from './commands.ts';
export { originOf } from './details.ts';
export { putEvents } from './events.ts';
export { listSubscriptions, publishAlert, type Subscription, subscriptionState } from './sns.ts';
export { howToSubscribe } from './subscribe.ts';
