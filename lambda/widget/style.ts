/** How the fleet table looks, in the console's light and dark theme. test/browser/contrast.test.ts measures its texts. */
import { type Html, html } from '../kit/index.ts';

export type Theme = 'light' | 'dark';

const COLOURS = {
  light: {
    text: '#16191f',
    dim: '#545f6e',
    line: '#e3e7ec',
    rail: '#e6e9ee',
    critical: '#b8201d',
    criticalTint: '#fdeceb',
    warning: '#9a4f00',
    warningTint: '#fff4e0',
    unknown: '#6b3fb5',
    ok: '#1a7431',
    calm: '#4a7fb0',
    pale: '#a9b6c4',
    link: '#0b5cad',
    onInk: '#ffffff',
  },
  dark: {
    text: '#e9ebed',
    dim: '#a9b4c2',
    line: '#33414f',
    rail: '#33414f',
    critical: '#ff7b72',
    criticalTint: '#43201f',
    warning: '#ffb54d',
    warningTint: '#3d2f17',
    unknown: '#bfa3ff',
    ok: '#57c874',
    calm: '#6ba6dc',
    pale: '#5d6b7b',
    link: '#7cc0ff',
    onInk: '#11161c',
  },
} as const satisfies Record<Theme, Record<string, string>>;

/**
 * The widget's own style sheet; the console strips neither `<style>` nor classes. Buttons have colours of their own, since
 * white on the console's orange is hard to read; marked as important, because how weighty the console's rules are is not
 * documented.
 */
export function widgetStyle(theme: Theme): Html {
  const c = COLOURS[theme];
  return html`<style>
.cw,.cw h3{color:${c.text}}.cw{container-type:inline-size;font:13px/1.35 "Amazon Ember","Helvetica Neue",Roboto,Arial,sans-serif;text-align:left}
.cw a:not(.btn){color:${c.link};text-decoration:none}
.cw a.btn{display:inline-flex;align-items:center;justify-content:center;box-sizing:border-box;min-height:28px;margin:2px 6px 2px 0;padding:3px 14px;border:1px solid ${c.link}!important;border-radius:16px;background:transparent!important;color:${c.link}!important;font-size:12px;font-weight:700;text-decoration:none;white-space:nowrap;cursor:pointer}
.cw a.btn.btn-primary{border-color:${c.critical}!important;background:${c.critical}!important;color:${c.onInk}!important}
.cw table{border-collapse:collapse;width:100%}
.cw th{color:${c.dim};font-size:11px;font-weight:600;text-align:left;text-transform:uppercase;letter-spacing:.04em;padding:4px 8px;border:0;border-bottom:1px solid ${c.line};background:transparent}
.cw td{padding:4px 8px;border:0;border-bottom:1px solid ${c.line};vertical-align:middle;background:transparent;color:inherit}
.cw tr.cw-row-flagged{background:${c.criticalTint}}
.cw tr.cw-row-muted,.cw tr.cw-row-skipped{color:${c.dim}}
.cw-small{font-size:11px}.cw-dim,.cw-count-dim{color:${c.dim}}
.cw-label{display:none}
.cw-name{font-weight:600;overflow-wrap:anywhere}
.cw-who>span{display:inline-block;max-width:200px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;vertical-align:bottom;padding-right:8px}
.cw-name-cell{min-width:150px}.cw-what-cell{width:28%;min-width:180px}.cw-what-cell,.cw-most b{overflow-wrap:anywhere}
.cw-since,.cw-since-cell b,.cw-out-cell b{white-space:nowrap}.cw-out-cell{min-width:84px}
.cw-badge{display:inline-block;margin:2px 6px 0 0;padding:1px 8px;border:1px solid ${c.dim};border-radius:8px;color:${c.dim};font-size:11px}
.cw-pill{display:inline-block;min-width:72px;box-sizing:border-box;padding:2px 8px;border-radius:10px;font-size:11px;font-weight:700;text-align:center;letter-spacing:.03em;white-space:nowrap}
.cw-pill-flagged,.cw-pill-critical{background:${c.critical};color:${c.onInk}}
.cw-pill-unknown{background:${c.unknown};color:${c.onInk}}
.cw-pill-warning{background:${c.warning};color:${c.onInk}}
.cw-pill-ok{color:${c.ok};box-shadow:inset 0 0 0 1px ${c.ok}}
.cw-pill-muted{box-shadow:inset 0 0 0 1px ${c.dim}}
.cw-pill-unchecked,.cw-pill-skipped{color:${c.dim};box-shadow:inset 0 0 0 1px ${c.dim}}
.cw-head{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;padding:2px 8px 8px}
.cw-head b{font-size:20px;line-height:1;vertical-align:-2px}
.cw-among{color:${c.dim};display:inline-flex;flex-wrap:wrap;gap:2px 10px;align-items:center;padding-left:14px;border-left:1px solid ${c.line}}.cw-among b{font-size:15px;vertical-align:-1px}
.cw-count{white-space:nowrap}.cw-count-flagged,.cw-count-critical{color:${c.critical}}
.cw-count-unknown{color:${c.unknown}}.cw-count-warning{color:${c.warning}}.cw-count-ok{color:${c.ok}}
.cw-push{margin-left:auto}
.cw-notice{margin:0 0 8px;padding:6px 10px;border-left:4px solid ${c.warning};background:${c.warningTint};overflow-wrap:anywhere}
.cw-notice-red{border-left-color:${c.critical};background:${c.criticalTint}}
.cw-gauge{display:flex;align-items:center;gap:8px}
.cw-gauge b{min-width:38px;text-align:right;white-space:nowrap}
.cw-tone-warning b,.cw .cw-warning-text{color:${c.warning}}.cw-tone-critical b,.cw .cw-critical-text{color:${c.critical}}
.cw-rail{fill:${c.rail}}
.cw-ink{fill:${c.calm}}.cw-tone-warning .cw-ink{fill:${c.warning}}.cw-tone-critical .cw-ink{fill:${c.critical}}
.cw-line{fill:none;stroke:${c.calm};stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.cw-tone-warning .cw-line{stroke:${c.warning}}.cw-tone-critical .cw-line{stroke:${c.critical}}
.cw-alarm .cw-rail{fill:${c.criticalTint};stroke:${c.critical};stroke-width:1}
.cw-old b{color:${c.dim}}.cw .cw-old .cw-ink{fill:${c.pale}}.cw .cw-old .cw-line{stroke:${c.pale}}
.cw-limit{stroke:${c.dim};stroke-width:.75;stroke-dasharray:2 3;opacity:.7}
.cw .cw-pager{display:flex;gap:12px;align-items:center;padding:8px}.cw-head .cw-pager{padding:0}
.cw pre{margin:6px 0;padding:8px 10px;background:${c.rail};color:${c.text};white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;border:0}
.cw-plain{padding:12px}.cw-plain h3{margin:0 0 6px;font-size:16px}.cw-plain p{margin:4px 0}
@container (max-width:760px){
.cw table,.cw tbody{display:block}.cw thead{display:none}
.cw tr.cw-row{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:4px 12px;padding:10px 8px;border-bottom:1px solid ${c.line}}
.cw tr.cw-row td{display:block;grid-column:1/-1;width:auto;padding:0;border:0}
.cw tr.cw-row td.cw-name-cell{grid-column:1;grid-row:1}.cw tr.cw-row td.cw-status-cell{grid-column:2;grid-row:1}
.cw tr.cw-row td:empty{display:none}
.cw tr.cw-row td.cw-memory-cell,.cw tr.cw-row td.cw-disk-cell{display:grid;grid-template-columns:92px minmax(0,1fr);align-items:center}
.cw-memory-cell>*,.cw-disk-cell>*{grid-column:2}.cw .cw-label{display:block;grid-column:1;color:${c.dim};font-size:12px}
.cw-push{margin-left:0}.cw-among{padding-left:0;border-left:0}
.cw a.btn{min-height:44px;padding:3px 20px;font-size:14px}
}
</style>`;
}
