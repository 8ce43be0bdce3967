/** The story's running hosts: for each an SSH server, its recording, and what has been done to it so far. */
import { join } from 'node:path';
import { CRAWLERS, type Crawler, type CrawlerState } from './crawlers.ts';
import { type Recording, record } from './recording.ts';
import { type SshHost, startSshHost } from './ssh-hosts.ts';

/** They were booted the day before the story begins. */
export const UP_SECONDS = 26 * 3600;

interface Host {
  readonly crawler: Crawler;
  readonly ssh: SshHost;
  recording: Recording;
  /** When an act last changed its story; null: it goes as written. */
  helped: { readonly by: 'restart' | 'reboot'; readonly at: Date } | null;
  /** When it was rebooted, each time. */
  readonly reboots: Date[];
}

/** Of the memory, what a worker takes that has just begun. */
const FRESH_SHARE = 0.15;

export class CrawlerHosts {
  private readonly hosts = new Map<string, Host>();
  private readonly folder: string;
  private readonly start: Date;

  /** @param folder for the recordings; the caller removes it */
  constructor(folder: string, start: Date) {
    this.folder = folder;
    this.start = start;
  }

  /** Starts them all at the story's first moment. */
  async listen(publicKey: string): Promise<void> {
    for (const crawler of CRAWLERS) {
      const { state, recording } = this.at({ crawler, helped: null, reboots: [] }, 0, this.start);
      const ssh = await startSshHost(publicKey, state.ssh, recording);
      this.hosts.set(crawler.id, { crawler, ssh, recording, helped: null, reboots: [] });
    }
  }

  /** Sets all hosts to a moment of the story. */
  advance(moment: number, now: Date): void {
    for (const host of this.hosts.values()) {
      if (host.recording.wasRestarted()) host.helped = { by: 'restart', at: now };
      this.become(host, moment, now);
    }
  }

  /** Does to a host what EC2's reboot does. */
  reboot(id: string, moment: number, now: Date): void {
    const host = this.hosts.get(id);
    if (host === undefined) return;
    host.helped = { by: 'reboot', at: now };
    host.reboots.push(now);
    this.become(host, moment, now);
  }

  port(id: string): number | undefined {
    return this.hosts.get(id)?.ssh.port;
  }

  async close(): Promise<void> {
    await Promise.all([...this.hosts.values()].map((host) => host.ssh.close()));
  }

  private become(host: Host, moment: number, now: Date): void {
    const { state, recording } = this.at(host, moment, now);
    host.recording = recording;
    host.ssh.behave(state.ssh, recording);
  }

  private at({ crawler, helped, reboots }: Pick<Host, 'crawler' | 'helped' | 'reboots'>, moment: number, now: Date) {
    const scripted = crawler.states[moment];
    if (scripted === undefined) throw new Error(`${crawler.name} has no story`);
    const boot = 1 + reboots.length;
    const state = helped === null ? scripted : { ...after(helped.by, crawler, scripted), boot };
    const seconds = (from: Date) => Math.round((now.getTime() - from.getTime()) / 1000);
    const last = reboots.at(-1);
    const uptime = last === undefined ? UP_SECONDS + seconds(this.start) : seconds(last);
    const restarted = { ...after('restart', crawler, scripted), boot };
    return { state, recording: record(join(this.folder, crawler.name), crawler, state, uptime, restarted) };
  }
}

/** What the story has for that act, or what it does on most hosts: the worker starts afresh; disks stay as they are. */
function after(act: 'restart' | 'reboot', crawler: Crawler, scripted: CrawlerState): CrawlerState {
  if (crawler.helped !== null && crawler.auto === act) return crawler.helped;
  return {
    ...scripted,
    ssh: 'serves',
    usedKb: Math.min(scripted.usedKb, Math.round(crawler.totalKb * FRESH_SHARE)),
    worker: scripted.worker === null ? null : 'active',
    oomKills: act === 'reboot' ? 0 : scripted.oomKills,
  };
}
