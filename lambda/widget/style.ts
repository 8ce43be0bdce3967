/** How the fleet table looks, in the console's light and dark theme. */
import { type Html, html } from '../kit/index.ts';

export type Theme = 'light' | 'dark';

const COLOURS = {
  light: {
    text: '#16191f',
    dim: '#5f6b7a',
    line: '#e3e7ec',
    rail: '#e6e9ee',
    critical: '#c5221f',
    criticalTint: '#fdeceb',
    warning: '#b25e00',
    warningTint: '#fff4e0',
    unknown: '#6b3fb5',
    ok: '#1a7f37',
    calm: '#4a7fb0',
    link: '#0b5cad',
    onPill: '#ffffff',
  },
  dark: {
    text: '#e9ebed',
    dim: '#9ba7b6',
    line: '#33414f',
    rail: '#33414f',
    critical: '#ff6b61',
    criticalTint: '#43201f',
    warning: '#ffb54d',
    warningTint: '#3d2f17',
    unknown: '#bfa3ff',
    ok: '#57c874',
    calm: '#6ba6dc',
    link: '#7cc0ff',
    onPill: '#11161c',
  },
} as const satisfies Record<Theme, Record<string, string>>;

/** The widget's own style sheet; the console strips neither `<style>` nor classes. */
export function widgetStyle(theme: Theme): Html {
  const c = COLOURS[theme];
  return html`<style>
.cw,.cw h3{color:${c.text}}.cw{font:13px/1.35 "Amazon Ember","Helvetica Neue",Roboto,Arial,sans-serif;text-align:left}
.cw a:not(.btn){color:${c.link};text-decoration:none}
.cw a.btn{text-decoration:none}
.cw table{border-collapse:collapse;width:100%}
.cw th{color:${c.dim};font-size:11px;font-weight:600;text-align:left;text-transform:uppercase;letter-spacing:.04em;padding:4px 8px;border:0;border-bottom:1px solid ${c.line};background:transparent}
.cw td{padding:4px 8px;border:0;border-bottom:1px solid ${c.line};vertical-align:middle;background:transparent}
.cw tr.cw-row-flagged td{background:${c.criticalTint}}
.cw tr.cw-row-muted,.cw tr.cw-row-skipped{color:${c.dim}}
.cw-small{font-size:11px}.cw-dim{color:${c.dim}}
.cw-name{font-weight:600;overflow-wrap:anywhere}
.cw-who{max-width:260px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.cw th:nth-child(3){width:27%}
.cw-nowrap{white-space:nowrap}
.cw-pill{display:inline-block;min-width:72px;box-sizing:border-box;padding:2px 8px;border-radius:10px;font-size:11px;font-weight:700;text-align:center;letter-spacing:.03em;white-space:nowrap}
.cw-pill-flagged,.cw-pill-critical{background:${c.critical};color:${c.onPill}}
.cw-pill-unknown{background:${c.unknown};color:${c.onPill}}
.cw-pill-warning{background:${c.warning};color:${c.onPill}}
.cw-pill-ok{color:${c.ok};box-shadow:inset 0 0 0 1px ${c.ok}}
.cw-pill-unchecked,.cw-pill-muted,.cw-pill-skipped{color:${c.dim};box-shadow:inset 0 0 0 1px ${c.dim}}
.cw-head{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;padding:2px 8px 8px}
.cw-head b{font-size:20px;line-height:1;vertical-align:-2px;margin-right:4px}
.cw-count-flagged,.cw-count-critical{color:${c.critical}}
.cw-count-unknown{color:${c.unknown}}.cw-count-warning{color:${c.warning}}.cw-count-ok{color:${c.ok}}
.cw-count-unchecked,.cw-count-muted,.cw-count-skipped{color:${c.dim}}
.cw-push{margin-left:auto}
.cw-notice{margin:0 0 8px;padding:6px 10px;border-left:4px solid ${c.warning};background:${c.warningTint}}
.cw-notice-red{border-left-color:${c.critical};background:${c.criticalTint}}
.cw-gauge{display:flex;align-items:center;gap:8px}
.cw-gauge b{min-width:38px;text-align:right;white-space:nowrap}
.cw-gauge.cw-old{opacity:.55}
.cw-tone-warning b,.cw .cw-warning-text{color:${c.warning}}.cw-tone-critical b,.cw .cw-critical-text{color:${c.critical}}
.cw-rail{fill:${c.rail}}
.cw-ink{fill:${c.calm}}.cw-tone-warning .cw-ink{fill:${c.warning}}.cw-tone-critical .cw-ink{fill:${c.critical}}
.cw-line{fill:none;stroke:${c.calm};stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.cw-tone-warning .cw-line{stroke:${c.warning}}.cw-tone-critical .cw-line{stroke:${c.critical}}
.cw-limit{stroke:${c.dim};stroke-width:.75;stroke-dasharray:2 3;opacity:.7}
.cw .cw-pager{display:flex;gap:12px;align-items:center;padding:8px}.cw-head .cw-pager{padding:0}
.cw pre{margin:6px 0;padding:8px 10px;background:${c.rail};color:${c.text};white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;border:0}
.cw-plain{padding:12px}.cw-plain h3{margin:0 0 6px;font-size:16px}.cw-plain p{margin:4px 0}
</style>`;
}
