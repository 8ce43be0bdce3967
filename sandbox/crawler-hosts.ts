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
  /** When an act changed its story; null: it goes as written. */
  helpedAt: Date | null;
}

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
      const { state, recording } = this.at(crawler, 0, this.start, null);
      const ssh = await startSshHost(publicKey, state.ssh, recording);
      this.hosts.set(crawler.id, { crawler, ssh, recording, helpedAt: null });
    }
  }

  /** Sets all hosts to a moment of the story. */
  advance(moment: number, now: Date): void {
    for (const host of this.hosts.values()) {
      if (host.recording.wasRestarted()) host.helpedAt ??= now;
      this.become(host, moment, now);
    }
  }

  /** Does to a host what EC2's reboot does. */
  reboot(id: string, moment: number, now: Date): void {
    const host = this.hosts.get(id);
    if (host === undefined) return;
    host.helpedAt = now;
    this.become(host, moment, now);
  }

  port(id: string): number | undefined {
    return this.hosts.get(id)?.ssh.port;
  }

  async close(): Promise<void> {
    await Promise.all([...this.hosts.values()].map((host) => host.ssh.close()));
  }

  private become(host: Host, moment: number, now: Date): void {
    const { state, recording } = this.at(host.crawler, moment, now, host.helpedAt);
    host.recording = recording;
    host.ssh.behave(state.ssh, recording);
  }

  private at(crawler: Crawler, moment: number, now: Date, helpedAt: Date | null) {
    const scripted = crawler.states[moment];
    const state: CrawlerState | undefined = helpedAt === null ? scripted : (crawler.helped ?? scripted);
    if (state === undefined) throw new Error(`${crawler.name} has no story`);
    const seconds = (from: Date) => Math.round((now.getTime() - from.getTime()) / 1000);
    const uptime = state.boot > 1 && helpedAt !== null ? seconds(helpedAt) : UP_SECONDS + seconds(this.start);
    const restarted = crawler.auto === 'restart' ? crawler.helped : null;
    return { state, recording: record(join(this.folder, crawler.name), crawler, state, uptime, restarted) };
  }
}
