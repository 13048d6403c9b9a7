// Drives Chromium over the console that browser_test.go serves, and prints one JSON line for each thing it checked:
// {"page", "check", "detail"}, where an empty detail means that it holds. Input: a JSON config on stdin.
import { createRequire } from 'node:module';
import { readFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const cfg = JSON.parse(readFileSync(0, 'utf8'));
const require = createRequire(join(cfg.tools, 'package.json'));
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(cfg.shots, { recursive: true });

const say = (page, check, detail = '') => console.log(JSON.stringify({ page, check, detail: String(detail) }));
const browser = await chromium.launch({ executablePath: cfg.chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
const list = `${cfg.base}${cfg.prefix}`;
const itemURL = (id) => `${list}/items/${id}`;
const shot = (page, name) => page.screenshot({ path: join(cfg.shots, `${name}.png`), fullPage: true });

// open makes a page that remembers what went wrong in it.
async function open(options = {}) {
  const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60000); // generous: the machine may be busy with the rest of the tests
  page.faults = [];
  page.on('console', (m) => { if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) page.faults.push(m.text()); });
  page.on('pageerror', (e) => page.faults.push(String(e)));
  page.on('request', (r) => { if (!r.url().startsWith(cfg.base)) page.faults.push(`asked for ${r.url()}`); });
  return page;
}

const overflow = (page) => page.evaluate(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return '';
  const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width + 1 && !e.closest('pre'));
  return `${document.documentElement.scrollWidth} > ${width}: ` + wide.slice(0, 4).map((e) => `${e.tagName}.${e.className?.baseVal ?? e.className} ${e.textContent.slice(0, 30)}`).join(' | ');
});

async function axe(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} (${(n.failureSummary ?? '').split('\n')[1]?.trim()})`).join('; ')}`).join('\n');
}

// looks are the pages to look at: how to come to each.
const looks = {
  list: (page) => page.goto(list),
  'list-filters': (page) => page.goto(`${list}?status=all&category=Performance&sort=severity&created-from=2001-01-01&data-key=learningloop`),
  'list-nothing': (page) => page.goto(`${list}?status=all&q=nothing+has+this+title`),
  item: (page) => page.goto(itemURL(cfg.item)),
  'item-alarm': (page) => page.goto(itemURL(cfg.alarm)),
  'item-hostile': (page) => page.goto(itemURL(cfg.hostile)),
  problem: (page) => page.goto(itemURL('oi-000000000000')),
  nothing: (page) => page.goto(`${list}/nothing/here`),
  'item-history': async (page) => {
    await page.goto(itemURL(cfg.item));
    await page.click('text=Compare the descriptions');
  },
  'item-refused': async (page) => {
    await page.goto(itemURL(cfg.item));
    await page.evaluate(() => { for (const m of ['status', 'severity']) document.querySelector(`[name=was-${m}]`).value = { status: 'InProgress', severity: '4' }[m]; });
    await page.check('input[name=status][value=Resolved]');
    await page.selectOption('#severity', '3');
    await page.click('text=Save');
    await page.waitForSelector('text=Nothing was saved');
  },
  'list-left': (page) => page.goto(`${list}?done=resolve&n=1&left=gone.oi-000000000000&left=done.${cfg.hostile}&left=failed.${cfg.item}`),
  'list-unknown': (page) => page.goto(`${list}?severity=9`),
  'view-refused': async (page) => {
    await page.goto(`${list}?severity=1`);
    await page.click('text=Save this view');
    await page.fill('#name', '   ');
    await page.click('text=Save view');
    await page.waitForSelector('#name-trouble');
  },
  resolve: async (page) => {
    await page.goto(list);
    for (const id of [cfg.item, cfg.hostile]) await page.check(`input[value="${id}"]`);
    await page.click('button[value=resolve]');
    await page.waitForSelector('text=hears of it at once');
  },
  delete: async (page) => {
    await page.goto(list);
    for (const id of [cfg.item, cfg.hostile]) await page.check(`input[value="${id}"]`);
    await page.click('button[value=delete]');
    await page.waitForSelector('text=This cannot be undone');
  },
};
for (const colorScheme of ['light', 'dark']) {
  const page = await open({ colorScheme });
  for (const [name, go] of Object.entries(looks)) {
    page.faults.length = 0;
    await page.setViewportSize({ width: 1280, height: 900 });
    await go(page);
    for (const width of [1280, 768, 320]) {
      await page.setViewportSize({ width, height: width < 500 ? 700 : 900 });
      say(name, `no sideways scrolling at ${width} ${colorScheme}`, await overflow(page));
      if (width === 768) continue;
      say(name, `axe at ${width} ${colorScheme}`, await axe(page));
      await shot(page, `${name}-${width}-${colorScheme}`);
    }
    if (await page.evaluate(() => 'pwned' in window)) page.faults.push('a text ran');
    say(name, `nothing refused, no error ${colorScheme}`, page.faults.join('\n'));
  }
  await page.context().close();
}

const titles = (page) => page.locator('.items .title a').allTextContents();
const done = (page) => page.textContent('.done');

// What operators do, in the order of a day. Each returns what is wrong, or nothing. The console has no scripts, and none
// can run here.
const stories = {
  async 'filters by status'(page) {
    await page.goto(list);
    const before = (await titles(page)).length;
    await page.selectOption('#status', { label: 'Resolved' });
    await page.click('.filter button');
    const pills = await page.locator('.items .pill').allTextContents();
    if (pills.length === 0 || pills.some((p) => p.trim() !== 'Resolved')) return `shows ${pills}`;
    await page.selectOption('#status', { label: 'All' });
    await page.fill('#q', 'CHECKOUT');
    await page.click('.filter button');
    const found = await titles(page);
    return before > 3 && found.length === 2 && found.every((f) => f.startsWith('Checkout')) ? '' : `${before}, then ${found}`;
  },
  async 'filters by what is folded away, and sorts'(page) {
    await page.goto(list);
    await page.click('text=More filters');
    await page.selectOption('#category', 'Performance');
    await page.fill('#resource', 'ALARM:');
    await page.click('.filter button');
    const found = await titles(page);
    if (found.length !== 1 || !found[0].startsWith('CloudWatch alarm')) return `${found}`;
    if (!(await page.isVisible('#category'))) return 'the filter that is set is folded away';
    await page.goto(`${list}/items/${cfg.item}`);
    await page.locator('.data div', { hasText: 'learningloop.owner' }).getByText('Others that contain this').click();
    const owned = await titles(page);
    if (owned.length !== 1 || (await page.inputValue('#data-value')) !== 'mary.major@example.com') return `of one owner: ${owned}`;
    await page.fill('#created-from', '2001-01-01');
    await page.fill('#created-to', '2001-01-31');
    await page.click('.filter button');
    if ((await titles(page)).length !== 0) return 'a month long past has OpsItems';
    await page.goto(`${list}?status=all`);
    await page.selectOption('#sort', 'severity');
    await page.click('.filter button');
    const severities = await page.locator('.items tbody tr').locator('td:nth-child(4)').allTextContents();
    const sorted = severities.map((s) => s.trim()[0].replace('–', '9'));
    return sorted.join('') === [...sorted].sort().join('') ? '' : severities.join();
  },
  async 'saves a view, uses it, throws it away'(page) {
    await page.goto(`${list}?severity=1&sort=changed`);
    const want = await titles(page);
    await page.click('text=Save this view');
    await shot(page, 'save-view-1280');
    await page.fill('#name', 'Night shift');
    await page.click('text=Save view');
    if ((await done(page)) !== 'View saved.') return 'not saved';
    await page.goto(list);
    await page.click('.views >> text=Night shift');
    if ((await page.inputValue('#severity')) !== '1' || (await page.inputValue('#sort')) !== 'changed') return 'does not filter';
    if ((await page.getAttribute('.views >> text=Night shift', 'aria-current')) !== 'page') return 'not marked as current';
    if ((await titles(page)).join() !== want.join()) return 'shows something else';
    await shot(page, 'view-1280');
    await page.goto(`${list}?severity=2`);
    await page.click('text=Save this view');
    await page.fill('#name', 'Night shift');
    await page.click('text=Save view');
    if (!(await page.textContent('#name-trouble')).includes('There is a view of this name')) return 'replaced without asking';
    if ((await page.inputValue('#severity')) !== '2' || (await page.inputValue('#name')) !== 'Night shift') return 'the filter or the name is lost';
    await shot(page, 'view-taken-1280');
    await page.check('input[name=replace]');
    await page.click('text=Save view');
    if ((await page.getAttribute('.views >> text=Night shift', 'aria-current')) !== 'page') return 'not replaced';
    await page.click('text=Delete view');
    return (await page.locator('.views >> text=Night shift').count()) === 0 ? '' : 'still there';
  },
  async 'a view with a long name fits a phone'(page) {
    const name = 'W'.repeat(40);
    await page.goto(`${list}?severity=3`);
    await page.click('text=Save this view');
    await page.fill('#name', name);
    await page.click('text=Save view');
    await page.setViewportSize({ width: 320, height: 700 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    await shot(page, 'view-long-320');
    await page.click('text=Delete view');
    return wide <= 320 ? '' : `${wide} px`;
  },
  async 'two work on one item, and neither undoes the other'(page) {
    const other = await page.context().newPage();
    for (const p of [page, other]) await p.goto(itemURL(cfg.hostile));
    await other.selectOption('#severity', '2');
    await other.click('button.main');
    await page.check('input[name=status][value=InProgress]');
    await page.click('button.main');
    if ((await done(page)) !== 'Saved.' || (await page.inputValue('#severity')) !== '2') return 'the severity was set back';
    await other.goto(itemURL(cfg.hostile));
    await other.selectOption('#severity', '3');
    await other.click('button.main');
    await page.selectOption('#severity', '4');
    await page.selectOption('#priority', '3');
    await page.click('button.main');
    const trouble = await page.textContent('#severity-trouble');
    if (trouble !== 'Your page showed “2 High”. Now it is “3 Medium”. You chose “4 Low”.') return trouble;
    if ((await page.inputValue('#severity')) !== '4' || (await page.inputValue('#priority')) !== '3') return 'the form forgot';
    await shot(page, 'item-conflict-1280');
    await page.click('button.main');
    if ((await done(page)) !== 'Saved.') return await done(page);
    await page.click('button.main');
    return (await done(page)).startsWith('Nothing changed') ? '' : await done(page);
  },
  async 'edits an item and finds it in the history'(page) {
    await page.goto(list);
    await page.click(`.items a[href$="${cfg.item}"]`);
    await page.check('input[name=status][value=InProgress]');
    await page.selectOption('#severity', { label: '1 Critical' });
    await page.selectOption('#priority', '2');
    await page.selectOption('#category', 'Availability');
    await page.click('text=Save');
    if ((await done(page)) !== 'Saved.') return 'not saved';
    const history = await page.locator('.history li').first().textContent();
    for (const change of ['status Open → InProgress', 'severity 2 → 1', 'priority none → 2', 'category Performance → Availability', 'operator/console']) {
      if (!history.includes(change)) return history;
    }
    if ((await page.inputValue('#severity')) !== '1') return 'the form forgot';
    await shot(page, 'item-edited-1280');
    return '';
  },
  async 'resolves two at once'(page) {
    await page.goto(list);
    for (const id of cfg.resolve) await page.check(`input[value="${id}"]`);
    await page.click('button[value=resolve]');
    await page.click('main button');
    if ((await done(page)) !== '2 OpsItems resolved.') return await done(page);
    for (const id of cfg.resolve) if (await page.locator(`input[value="${id}"]`).count()) return `${id} is still listed`;
    await shot(page, 'resolved-1280');
    return '';
  },
  async 'deletes one, after a second thought'(page) {
    await page.goto(list);
    await page.check(`input[value="${cfg.delete}"]`);
    await page.click('button[value=delete]');
    await page.click('text=Keep it');
    await page.waitForSelector('.items');
    if (!(await page.isChecked(`input[value="${cfg.delete}"]`))) return 'the tick is lost';
    await page.click('button[value=delete]');
    await page.click('button.danger');
    if (!(await done(page)).startsWith('1 OpsItem deleted.')) return await done(page);
    await page.goto(itemURL(cfg.delete));
    return (await page.isVisible('text=is being deleted')) && !(await page.isVisible('text=Save')) ? '' : 'not deleted';
  },
  async 'goes on where one cannot be changed any more'(page) {
    await page.goto(`${list}?status=all&q=E`);
    await page.check(`input[value="${cfg.delete}"]`);
    await page.check(`input[value="${cfg.resolve[0]}"]`);
    await page.click('button[value=delete]');
    const asked = await page.textContent('main');
    if (!asked.includes('Delete 1 OpsItem?') || !asked.includes('It was deleted before.')) return asked;
    await page.click('text=Keep');
    return (await page.inputValue('#q')) === 'E' && (await page.isChecked(`input[value="${cfg.resolve[0]}"]`)) ? '' : 'filter or ticks are lost';
  },
  async 'selects all, and none'(page) {
    await page.goto(`${list}?status=all`);
    const boxes = page.locator('.items input[type=checkbox]');
    await page.click('text=Select all');
    const [all, ticked] = [await boxes.count(), await page.locator('.items input:checked').count()];
    await shot(page, 'all-selected-1280');
    await page.click('text=Select none');
    const left = await page.locator('.items input:checked').count();
    return all > 3 && ticked === all && left === 0 ? '' : `${ticked} of ${all}, then ${left}`;
  },
  async 'says so when nothing is selected'(page) {
    await page.goto(list);
    await page.click('button[value=resolve]');
    return (await done(page)) === 'Nothing was selected.' ? '' : await done(page);
  },
};

// With the keyboard alone, on a phone's width. Where the focus is, the page is asked with scripts on.
const keyboard = {
  async 'the skip link leads to the content'(page) {
    await page.goto(list);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    return (await page.evaluate(() => document.activeElement.id)) === 'main' ? '' : 'elsewhere';
  },
  async 'everything is reached, seen and named'(page) {
    for (const [name, at] of [['list', list], ['item', itemURL(cfg.alarm)]]) {
      await page.goto(at);
      const want = await page.locator('a[href], button, input:not([type=hidden]):not([type=radio]), [type=radio]:checked, select, summary').filter({ visible: true }).count();
      const seen = new Set();
      for (let i = 0; i < 3 * want; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
          const e = document.activeElement;
          if (e === document.body) return null;
          const box = e.getBoundingClientRect(), style = getComputedStyle(e);
          const named = (e.labels?.[0]?.textContent ?? '') + (e.getAttribute('aria-label') ?? '') + e.textContent;
          return { key: e.outerHTML.slice(0, 300), named: named.trim() !== '', seen: box.width > 0 && box.bottom > 0 && style.outlineStyle !== 'none' };
        });
        if (at === null) break;
        if (!at.named || !at.seen) return `${name}: ${JSON.stringify(at)}`;
        seen.add(at.key);
      }
      if (seen.size < want) return `${name}: ${seen.size} of ${want} reached`;
    }
    return '';
  },
  async 'all are selected, and the buttons are next'(page) {
    await page.goto(list);
    await page.focus('text=Select all');
    await page.keyboard.press('Enter');
    await page.waitForURL(/tick=all/);
    const next = [];
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press('Tab');
      next.push(await page.evaluate(() => document.activeElement.textContent));
    }
    return /^Select all \d+,Select none,Resolve …$/.test(next.join()) && (await page.locator('.items input:not(:checked)').count()) === 0 ? '' : next.join();
  },
  async 'an item is resolved'(page) {
    await page.goto(itemURL(cfg.alarm));
    await page.focus('input[name=status][value=Open]');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.focus('text=Save');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.done');
    return (await page.textContent('.lead .pill')).trim() === 'Resolved' ? '' : 'not resolved';
  },
};
for (const [list, options] of [[stories, { javaScriptEnabled: false }], [keyboard, { viewport: { width: 320, height: 700 } }]]) {
  for (const [check, run] of Object.entries(list)) {
    const page = await open(options);
    let wrong;
    try { wrong = await run(page); } catch (e) { wrong = e.stack; }
    say('story', check, [wrong, ...page.faults].filter(Boolean).join('\n'));
    await page.context().close();
  }
}
await browser.close();
say('story', 'came to the end');
