/** Which incident is news, in which words, and through which channel. */
export { announce, announceUnremembered } from './announce.ts';
export { fixFor } from './commands.ts';
export { composeRemedyAlert } from './message.ts';
export { listSubscriptions, publishAlert, type Subscription, subscriptionState } from './sns.ts';
export { howToSubscribe } from './subscribe.ts';
