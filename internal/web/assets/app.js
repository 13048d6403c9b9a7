// What pages get on top when scripts run. Everything works without this file.
(() => {
  'use strict';
  const $ = (sel, root = document) => root.querySelector(sel);
  const $$ = (sel, root = document) => [...root.querySelectorAll(sel)];

  // Times: the server's words, retold in the reader's zone. The clock is the server's, so that a wrong one here says nothing false.
  const skew = Date.parse(document.documentElement.dataset.now) - Date.now();
  const exact = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });
  const second = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' });
  const dateOnly = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
  const relative = (t) => {
    const ms = Date.now() + skew - t, d = Math.abs(ms) / 60000;
    const say = (n, unit) => { n = Math.floor(n); const s = `${n} ${unit}${n === 1 ? '' : 's'}`; return ms < 0 ? `in ${s}` : `${s} ago`; };
    if (d < 1) return ms < 0 ? 'in a moment' : 'just now';
    if (d < 60) return say(d, 'minute');
    if (d < 1440) return say(d / 60, 'hour');
    if (d < 43200) return say(d / 1440, 'day');
    return dateOnly.format(t);
  };
  const tell = (root) => {
    for (const el of $$('time[data-t]', root)) {
      const t = Date.parse(el.dateTime);
      if (Number.isNaN(t) || el.dataset.t === 'day') continue;
      if (el.dataset.t === 'ago') { el.textContent = relative(t); el.title = exact.format(t); } else { el.textContent = (el.dataset.t === 'second' ? second : exact).format(t); }
    }
  };
  tell(document);
  setInterval(() => tell(document), 30000);

  // Where the tabs do not fit, the one that is open is in view.
  const tab = $('.tabs [aria-current]');
  if (tab) { const ul = tab.closest('ul'); ul.scrollLeft = tab.offsetLeft - ul.offsetLeft - (ul.clientWidth - tab.offsetWidth) / 2; }

  // An error summary takes the focus, so that it is read first; a form of one field has none.
  ($('.errors') ?? $('[aria-invalid="true"]'))?.focus();

  // A form that makes something is sent once, and says that it is under way.
  document.addEventListener('submit', (e) => {
    const form = e.target;
    if (!form.matches('[data-once]') || e.submitter?.formMethod === 'get') return;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = 'yes';
    const p = $('[data-progress]', form);
    if (p) p.textContent = p.dataset.progress;
  });
  addEventListener('pageshow', () => { for (const f of $$('[data-sent]')) { delete f.dataset.sent; const p = $('[data-progress]', f); if (p) p.textContent = ''; } });

  // Filters apply when changed; without scripts there is a button.
  for (const form of $$('form[data-auto]')) {
    $('.go', form).hidden = true;
    form.addEventListener('change', () => form.requestSubmit());
  }

  // How much room is left, said only when it gets short.
  for (const area of $$('textarea[data-count]')) {
    const out = document.createElement('p');
    out.className = 'counter';
    out.setAttribute('role', 'status');
    area.after(out);
    const show = () => { const left = area.maxLength - area.value.length; out.textContent = left < Math.max(100, area.maxLength / 10) ? `${left} characters left` : ''; };
    area.addEventListener('input', show);
    show();
  }

  // Menus close by Escape and by a click elsewhere.
  document.addEventListener('click', (e) => { for (const m of $$('details.menu[open]')) if (!m.contains(e.target)) m.open = false; });
  document.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape') return;
    for (const m of $$('details.menu[open]')) { m.open = false; $('summary', m).focus(); }
    if (document.activeElement?.matches('.score')) document.activeElement.blur();
  });

  // Live counts.
  if ($('[data-live]')) {
    setInterval(async () => {
      if (document.hidden) return;
      try {
        const doc = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html');
        for (const el of $$('[data-live]', doc)) for (const mine of $$(`[data-live="${el.dataset.live}"]`)) if (mine.textContent !== el.textContent) mine.textContent = el.textContent;
      } catch { /* the process is restarting: the next round tells */ }
    }, 3000);
  }

  // The queue: ticks and single keys.
  const rows = $$('[data-row]');
  if (!rows.length) return;
  const ticks = $$('input[name="item"]'), all = $('[data-all]'), picked = $('[data-picked]'), bulk = $('#bulk');
  const count = () => {
    const n = ticks.filter((t) => t.checked).length;
    picked.textContent = n ? `${n} selected:` : 'None selected';
    for (const b of $$('button', bulk)) b.disabled = !n;
    all.checked = n === ticks.length;
    all.indeterminate = n > 0 && n < ticks.length;
  };
  all.parentElement.hidden = false;
  all.addEventListener('change', () => { for (const t of ticks) t.checked = all.checked; count(); });
  for (const t of ticks) t.addEventListener('change', count);
  addEventListener('pageshow', count);
  count();

  const dialog = $('#keys'), on = $('[data-keys-on]'), open = $('[data-keys]');
  open.hidden = false;
  open.addEventListener('click', () => dialog.showModal());
  try { on.checked = localStorage.getItem('keys') !== 'off'; } catch { /* storage is off: keys stay on */ }
  on.addEventListener('change', () => { try { localStorage.setItem('keys', on.checked ? 'on' : 'off'); } catch { /* for this page only */ } });
  const current = () => rows.findIndex((r) => r.contains(document.activeElement));
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || dialog.open || e.target.closest?.('textarea, select, input:not([type="checkbox"])')) return;
    if (e.key === '?') { e.preventDefault(); dialog.showModal(); return; }
    if (!on.checked) return;
    const at = current();
    if (e.key === 'j' || e.key === 'k') {
      e.preventDefault();
      const to = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + (e.key === 'j' ? 1 : -1)))];
      to.focus();
      to.scrollIntoView({ block: 'nearest' });
      return;
    }
    if (at < 0) return;
    const row = rows[at];
    if (e.key === 'x') { e.preventDefault(); $('input[name="item"]', row).click(); return; }
    if (e.key === 'Enter' && e.target === row) { $('[data-open]', row)?.click(); return; }
    if ('apd'.includes(e.key)) { const b = $(`[data-key="${e.key}"]`, row); if (b) { e.preventDefault(); b.click(); } }
  });
})();
