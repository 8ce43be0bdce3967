/** Makes the probe script's output for a host with these figures. */
export interface HostFigures {
  readonly totalKb?: number;
  readonly availableKb?: number;
  readonly oomKills?: number;
  readonly bootId?: string;
  /** As `NAME STATE RESTARTS`. */
  readonly unit?: string;
  readonly diskUsedPercent?: number;
  readonly uptimeSeconds?: number;
  /** Whether sshd answers on the host itself; absent: not tested. */
  readonly sshd?: boolean;
}

export function probeOutput(figures: HostFigures = {}): string {
  const { totalKb = 16_000_000, availableKb = 8_000_000, oomKills = 0, unit, diskUsedPercent = 50 } = figures;
  const blocks = 8_000_000;
  const free = Math.round(blocks * (1 - diskUsedPercent / 100));
  const lines = [
    'crawlwatch 1',
    `mem MemTotal=${totalKb} MemFree=${Math.floor(availableKb / 2)} MemAvailable=${availableKb} SwapTotal=0 SwapFree=0`,
    `vm oom_kill=${oomKills}`,
    'load 0.10',
    `up ${figures.uptimeSeconds ?? 90_000}.00`,
    `boot ${figures.bootId ?? '1a2b3c4d-0000-4000-8000-000000000000'}`,
    ...(unit === undefined ? [] : [`unit ${unit}`, 'units systemd']),
    ...(figures.sshd === undefined ? [] : [`sshd 22 ${figures.sshd ? 'up' : 'down'}`]),
    `disk 1024 ${blocks} ${free} ${free} 500000 400000 rw /`,
  ];
  const report = `${lines.join('\n')}\n`;
  return `${report}end ${report.length}\n`;
}
