/** A fleet with the remedy function behind its checks; its first host has hung for two, and the next one reboots it. */
import { TAG } from '../../lambda/model/index.ts';
import { RemedyStack } from './remedy-stack.ts';
import { unwrapped } from './unwrapped.ts';

export async function aboutToReboot() {
  const stack = new RemedyStack(3).wired();
  const { fleet } = stack;
  await fleet.checks(1);
  stack.instance(1).tags.set(TAG.auto, 'reboot');
  stack.instance(1).status = 'impaired';
  await fleet.host(1, 'BannerTimeout').checks(2);
  const mailed = stack.mails.length;
  return {
    stack,
    fleet,
    /** Bodies of the mails from now on, a paragraph a line. */
    bodies: () => stack.mails.slice(mailed).map(({ body }) => unwrapped(body)),
    /** The host is back after its reboot. */
    boots() {
      fleet.host(1, { bootId: '99999999-0000-4000-8000-000000000000', uptimeSeconds: 60 });
      stack.instance(1).status = 'ok';
    },
    /** Of the acts on record. */
    states: async () => (await stack.record()).acts.map(({ state }) => state),
  };
}
