/** The page: one document without external files, whose script shows what the story sends. */
import { createHash } from 'node:crypto';
import { ADDRESS } from './sandbox.ts';

const STYLE = `
:root{color-scheme:light dark;--text:#16191f;--dim:#545f6e;--back:#f2f3f3;--tile:#fff;--line:#e3e7ec;--warning:#9a4f00;--critical:#b8201d;--good:#1a7431;--accent:#0b5cad;
--c0:#1f77b4;--c1:#d9730d;--c2:#2a9d4a;--c3:#c5221f;--c4:#8254c4;--c5:#8c564b;--c6:#c24d9b;--c7:#6b7280;--c8:#9a8f00;--c9:#0f9bb0}
[data-theme=dark]{--text:#e9ebed;--dim:#a9b4c2;--back:#0f141a;--tile:#161d26;--line:#33414f;--warning:#ffb54d;--critical:#ff7b72;--good:#57c874;--accent:#7cc0ff;
--c0:#6ba6dc;--c1:#ff9f4a;--c2:#57c874;--c3:#ff6b61;--c4:#bfa3ff;--c5:#c99a8b;--c6:#f08fd0;--c7:#aab3c0;--c8:#d9cf4a;--c9:#4fd0e3}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--text);font:14px/1.4 "Amazon Ember","Helvetica Neue",Roboto,Arial,sans-serif}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:center;padding:10px 16px;background:var(--tile);border-bottom:1px solid var(--line)}
h1{font-size:18px;margin:0}h2{font-size:14px;margin:0 0 8px}#headline{flex:1 1 300px;min-width:0}.dim,time{color:var(--dim)}
button{font:inherit;font-size:12px;padding:3px 12px;border:1px solid var(--dim);border-radius:14px;background:none;color:inherit;cursor:pointer}
.dots{white-space:nowrap;margin-left:8px}.dots i{display:inline-block;width:8px;height:8px;border-radius:50%;margin-right:4px;border:1px solid var(--accent)}.dots .past{background:var(--accent)}
main{display:grid;gap:12px;padding:12px 16px;grid-template-columns:minmax(0,1fr)}
section{background:var(--tile);border:1px solid var(--line);border-radius:8px;padding:12px;min-width:0}
#widget{overflow-x:auto}#numbers{display:flex;flex-wrap:wrap;gap:8px 40px}#numbers b{font-size:26px;margin-right:4px}
#charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(540px,100%),1fr));gap:8px 16px}
figure{margin:0;min-width:0}figcaption{font-weight:600}svg text{fill:var(--dim);font-size:11px}figure svg{width:100%;height:auto;display:block}
.grid{stroke:var(--line)}.limit{stroke-dasharray:4 4}.limit.warning{stroke:var(--warning)}.limit.critical{stroke:var(--critical)}
.line circle{fill:currentColor}.line polyline{fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}.line:hover polyline{stroke-width:4}
${Array.from({ length: 10 }, (_, n) => `.colour-${n}{color:var(--c${n})}`).join('')}
.legend{grid-column:1/-1;margin:0;display:flex;flex-wrap:wrap;gap:4px 16px;font-size:12px}.legend i{display:inline-block;width:14px;height:3px;margin-right:6px;vertical-align:middle;background:currentColor}
ul{margin:0;padding:0;list-style:none}li{padding:2px 0}.outcome-worked{color:var(--good)}.outcome-failed{color:var(--critical)}
details{border-top:1px solid var(--line);padding:6px 0}summary{cursor:pointer;font-weight:600}summary time{font-weight:400;margin-right:6px}
dialog{max-width:min(520px,calc(100vw - 32px));padding:16px;border:1px solid var(--dim);border-radius:8px;background:var(--tile);color:var(--text)}
dialog::backdrop{background:rgba(0,0,0,.5)}#question{margin:0 0 14px;overflow-wrap:anywhere}#question p{margin:0}dialog form{display:flex;flex-wrap:wrap;gap:8px;justify-content:flex-end}
dialog button{min-height:36px}button.yes{border-color:var(--accent);background:var(--accent);color:var(--tile);font-weight:700}
[data-theme=light] .cw a.btn:focus-visible,[data-theme=dark] .cw a.btn:focus-visible,button:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media (max-width:760px){main{padding:8px}header{padding:8px 12px}button,dialog button,summary{min-height:44px;font-size:14px}summary{padding:10px 0}figure svg text{font-size:20px}#numbers{gap:6px 24px}}
pre{margin:6px 0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px}
`;

const SCRIPT = `
const root = document.documentElement;
const part = (id) => document.getElementById(id);
const dark = matchMedia('(prefers-color-scheme: dark)');
let theme = dark.matches ? 'dark' : 'light';
let view = null;
function draw() {
  root.dataset.theme = theme;
  if (view === null) return;
  for (const id of ['headline', 'numbers', 'charts', 'acts', 'mail']) part(id).innerHTML = view[id];
  part('widget').innerHTML = view.widget[theme];
  for (const action of part('widget').querySelectorAll('cwdb-action')) arm(action);
}
// As the console does: an action belongs to the element right before it.
function arm(action) {
  const button = action.previousElementSibling;
  const [question, request] = [action.getAttribute('confirmation'), action.textContent];
  action.remove();
  if (button === null) return;
  button.tabIndex = 0;
  button.role = 'button';
  button.addEventListener('click', () => press(question, request));
  button.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      press(question, request);
    }
  });
}
function ask(question) {
  part('question').textContent = question;
  part('confirm').hidden = false;
  part('cancel').textContent = 'Cancel';
  part('dialog').returnValue = '';
  part('dialog').showModal();
  return new Promise((resolve) => {
    part('dialog').addEventListener('close', () => resolve(part('dialog').returnValue === 'yes'), { once: true });
  });
}
function say(fill) {
  fill(part('question'));
  part('confirm').hidden = true;
  part('cancel').textContent = 'Close';
  if (!part('dialog').open) part('dialog').showModal();
}
async function press(question, request) {
  if (!(await ask(question))) return;
  say((into) => { into.textContent = 'The remedy function looks at the host.'; });
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch('/act', { method: 'POST', headers, body: request });
    const text = await answer.text();
    say((into) => { if (answer.ok) into.innerHTML = text; else into.textContent = text; });
  } catch {
    say((into) => { into.textContent = 'The demo did not answer: it may have ended.'; });
  }
}
function choose(next) {
  theme = next;
  draw();
}
dark.addEventListener('change', () => choose(dark.matches ? 'dark' : 'light'));
part('theme').addEventListener('click', () => choose(theme === 'dark' ? 'light' : 'dark'));
const events = new EventSource('/events');
events.addEventListener('message', ({ data }) => {
  view = JSON.parse(data);
  draw();
});
events.addEventListener('error', () => {
  part('headline').textContent = 'The demo has ended: what you see below is its last moment.';
});
draw();
`;

export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>crawlwatch demo</title>
<style>${STYLE}</style>
<header><h1>crawlwatch demo</h1><div id="headline" aria-live="polite">The first check is being made.</div><button type="button" id="theme">Light or dark</button></header>
<main>
<section><h2>The fleet, worst first</h2><div id="widget"></div></section>
<section><h2>Instances in the last check, and remedies so far</h2><div id="numbers"></div></section>
<section><h2>Metrics</h2><div id="charts"></div></section>
<section><h2>What crawlwatch did, and held back</h2><div id="acts"></div></section>
<section><h2>Mail to ${ADDRESS}</h2><div id="mail"></div></section>
</main>
<dialog id="dialog" aria-labelledby="question"><div id="question"></div><form method="dialog"><button id="cancel" value="no">Cancel</button><button id="confirm" class="yes" value="yes">Confirm</button></form></dialog>
<script>${SCRIPT}</script>
</html>
`;

const hash = createHash('sha256').update(SCRIPT).digest('base64');

/** Allows the one script by its hash, inline styles, and nothing from anywhere else. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};
