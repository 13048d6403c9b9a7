// Drives Chromium over the pages that browser_test.go serves, and prints one JSON line for each thing it checked:
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
const url = (name) => `${cfg.base}/x/${name}`;

// open makes a page that remembers what went wrong in it.
async function open(options = {}) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60000); // generous: the machine may be busy with the rest of the tests
  page.faults = [];
  page.on('console', (m) => { if (m.type() === 'error' && !/status of 4\d\d|status of 5\d\d/.test(m.text())) page.faults.push(m.text()); });
  page.on('pageerror', (e) => page.faults.push(String(e)));
  page.on('request', (r) => { if (!r.url().startsWith(cfg.base)) page.faults.push(`asked for ${r.url()}`); });
  return page;
}

const overflow = (page) => page.evaluate(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return '';
  const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width + 1 && !e.closest('.vh, .tabs ul, pre'));
  return `${document.documentElement.scrollWidth} > ${width}: ` + wide.slice(0, 4).map((e) => `${e.tagName}.${e.className?.baseVal ?? e.className} ${e.textContent.slice(0, 30)}`).join(' | ');
});

async function axe(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} (${(n.failureSummary ?? '').split('\n')[1]?.trim()})`).join('; ')}`).join('\n');
}

// Every page, in both schemes, at three widths.
const light = await open({ colorScheme: 'light' });
const dark = await open({ colorScheme: 'dark' });
for (const name of cfg.pages) {
  const plainPage = !name.startsWith('hostile-');
  for (const [scheme, page, widths] of [['light', light, [320, 768, 1280]], ['dark', dark, plainPage ? [320, 1280] : []]]) {
    if (!widths.length) continue;
    page.faults.length = 0;
    await page.setViewportSize({ width: widths[0], height: 800 });
    await page.goto(url(name));
    for (const width of widths) {
      await page.setViewportSize({ width, height: width < 500 ? 700 : 900 });
      say(name, `no sideways scrolling at ${width} ${scheme}`, await overflow(page));
      if (plainPage ? width !== 768 : width === 320) say(name, `axe at ${width} ${scheme}`, await axe(page));
      if (plainPage ? width !== 768 || scheme === 'light' : width !== 768) await page.screenshot({ path: join(cfg.shots, `${name}-${width}-${scheme}.png`), fullPage: true });
    }
    if (await page.evaluate(() => 'pwned' in window)) page.faults.push('a user’s text ran');
    say(name, `nothing refused, no error ${scheme}`, page.faults.join('\n'));
  }
}
await light.context().close();
await dark.context().close();

// What people do. Each returns what is wrong, or nothing.
const stories = {
  async 'j and k walk the queue, x selects, ? lists the keys'(page) {
    await page.goto(url('queue'));
    const at = () => page.evaluate(() => [...document.querySelectorAll('[data-row]')].indexOf(document.activeElement));
    const seen = [];
    for (const key of ['j', 'j', 'j', 'k']) { await page.keyboard.press(key); seen.push(await at()); }
    if (seen.join() !== '0,1,2,1') return `rows ${seen}`;
    await page.keyboard.press('x');
    const said = await page.textContent('[data-picked]');
    if (said !== '1 selected:') return said;
    await page.keyboard.press('?');
    if (!(await page.isVisible('dialog#keys'))) return 'no list of keys';
    const bad = await axe(page);
    if (bad) return bad;
    await page.screenshot({ path: join(cfg.shots, 'queue-keys.png') });
    await page.uncheck('[data-keys-on]');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    if ((await at()) !== 1) return 'keys that are switched off still act';
    await page.keyboard.press('?');
    return (await page.isVisible('dialog#keys')) ? '' : 'the list is gone together with the keys';
  },
  async 'a, p and d decide the row'(page) {
    const want = [
      [1, 'a', 'POST', '/team/web-shop/decisions', 'decision=accept&item=imp_7k2m&version=4&return=%2Fteam%2Fweb-shop%2Fqueue'],
      [1, 'p', 'GET', '/team/web-shop/decide?do=plan&item=imp_7k2m&return=%2Fteam%2Fweb-shop%2Fqueue', null],
      [2, 'p', 'GET', '/team/web-shop/decide?do=promote&item=fb_91xz&return=%2Fteam%2Fweb-shop%2Fqueue', null],
      [2, 'a', 'GET', '/team/web-shop/decide?do=attach&item=fb_91xz&return=%2Fteam%2Fweb-shop%2Fqueue', null],
      [3, 'd', 'GET', '/team/web-shop/decide?do=decline&item=fb_sig1&return=%2Fteam%2Fweb-shop%2Fqueue', null],
    ];
    for (const [rows, key, method, path, body] of want) {
      await page.goto(url('queue'));
      for (let i = 0; i < rows; i++) await page.keyboard.press('j');
      const [r] = await Promise.all([page.waitForRequest((q) => q.isNavigationRequest()), page.waitForEvent('framenavigated'), page.keyboard.press(key)]);
      if (r.method() !== method || r.url() !== cfg.base + path || r.postData() !== body) return `${key}: ${r.method()} ${r.url()} ${r.postData()}`;
    }
    await page.goto(url('feedback'));
    await page.fill('textarea', 'just a pad');
    return (await page.inputValue('textarea')) === 'just a pad' ? '' : 'keys act while typing';
  },
  async 'several are decided at once'(page) {
    await page.goto(url('queue'));
    if (await page.isEnabled('#bulk button[value=decline]')) return 'can decide nothing';
    await page.check('[data-all]');
    const [r] = await Promise.all([page.waitForRequest((q) => q.isNavigationRequest()), page.click('#bulk button[value=decline]')]);
    const items = new URL(r.url()).searchParams.getAll('item');
    return items.length === 5 ? '' : r.url();
  },
  async 'a filter applies when chosen'(page) {
    await page.goto(url('queue'));
    const [r] = await Promise.all([page.waitForRequest((q) => q.isNavigationRequest()), page.selectOption('select[name=kind]', 'idea')]);
    return r.url().endsWith('/team/web-shop/queue?type=&kind=idea&sort=') ? '' : r.url();
  },
  async 'the skip link leads to the content'(page) {
    await page.goto(url('queue'));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    return (await page.evaluate(() => document.activeElement.id)) === 'main' ? '' : 'elsewhere';
  },
  async 'a score shows its parts on focus, on a phone too'(page) {
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 700 });
      for (const name of ['queue', 'team', 'improvements', 'digest']) {
        await page.goto(url(name));
        await page.locator('.score').last().focus();
        if (!(await page.locator('.score:focus .tip').isVisible())) return `${name}: not shown`;
        const wide = await overflow(page);
        if (wide) return `${name} at ${width}: ${wide}`;
      }
      await page.goto(url('queue'));
      await page.locator('.score').first().hover();
      await page.screenshot({ path: join(cfg.shots, `queue-score-${width}.png`) });
    }
    return '';
  },
  async 'errors take the focus and lead to their field'(page) {
    await page.goto(url('feedback-errors'));
    if ((await page.evaluate(() => document.activeElement.className)) !== 'errors') return 'the summary is not focused';
    await page.click('.errors a >> text=whole address');
    if ((await page.evaluate(() => document.activeElement.id)) !== 'f-email') return 'the link does not lead to the field';
    return (await page.inputValue('#f-email')) === 'mary.major@example' ? '' : 'what was typed is gone';
  },
  async 'a form is sent once'(page) {
    await page.goto(url('feedback'));
    await page.check('input[value=idea]');
    await page.fill('textarea', 'Once is enough');
    let posts = 0;
    await page.route('**/p/web-shop/feedback', async (route) => { posts++; await new Promise((done) => setTimeout(done, 300)); await route.continue(); });
    await page.evaluate(() => { const b = document.querySelector('.actions button'); b.click(); b.click(); b.click(); });
    await page.waitForURL('**/x/feedback-sent');
    return posts === 1 ? '' : `${posts} posts`;
  },
  async 'times are told in the reader’s zone'(page) {
    await page.goto(url('digest'));
    const stamp = await page.textContent('time[data-t=stamp]');
    const hover = await page.getAttribute('time[data-t=ago]', 'title');
    const due = await page.textContent('time[data-t=day]');
    return /GMT\+9/.test(stamp) && /GMT\+9/.test(hover) && due ? '' : `${stamp} / ${hover} / ${due}`;
  },
  async 'counts are live'(page) {
    await page.goto(url('live'));
    const read = () => page.locator('[data-live=received]').first().textContent();
    const before = await read();
    await page.waitForFunction((b) => document.querySelector('[data-live=received]').textContent !== b, before, { timeout: 60000 });
    return '';
  },
  async 'cases and digests print'(page) {
    await page.emulateMedia({ media: 'print' });
    for (const name of ['improvement', 'digest']) {
      await page.goto(url(name));
      await page.setViewportSize({ width: 794, height: 1123 });
      if (await page.isVisible('.top')) return `${name}: the header is printed`;
      if (await page.locator('form button').filter({ visible: true }).count()) return `${name}: buttons are printed`;
      await page.screenshot({ path: join(cfg.shots, `${name}-print.png`), fullPage: true });
    }
    return '';
  },
};
const bare = {
  async 'without scripts the form is sent'(page) {
    await page.goto(url('feedback'));
    await page.check('input[value=problem]');
    await page.fill('textarea', 'The export stops.\nAlways.');
    await page.fill('input[name=email]', 'mary.major@example.com');
    await page.check('input[name=hearBack]');
    const [r] = await Promise.all([page.waitForRequest((q) => q.method() === 'POST'), page.click('button.primary')]);
    const want = 'key=k1&kind=problem&text=The+export+stops.%0D%0AAlways.&title=&rating=&name=&company=&email=mary.major%40example.com&hearBack=yes&component=&release=&page=';
    return r.postData() === want ? '' : r.postData();
  },
  async 'without scripts the queue decides, one and several'(page) {
    await page.goto(url('queue'));
    if (await page.isVisible('[data-keys]')) return 'offers keys that do nothing';
    let [r] = await Promise.all([page.waitForRequest((q) => q.method() === 'POST'), page.click('#row-imp_7k2m button[data-key=a]')]);
    if (!r.postData().startsWith('decision=accept&item=imp_7k2m')) return r.postData();
    await page.goto(url('queue'));
    await page.check('#row-imp_7k2m > input');
    await page.check('#row-fb_91xz > input');
    [r] = await Promise.all([page.waitForRequest((q) => q.isNavigationRequest()), page.click('#bulk button[value=decline]')]);
    if (new URL(r.url()).searchParams.getAll('item').join() !== 'imp_7k2m,fb_91xz') return r.url();
    await page.goto(url('queue'));
    if (!(await page.isVisible('.filters .go'))) return 'the filter has no button';
    const t = await page.textContent('.row time');
    await page.screenshot({ path: join(cfg.shots, 'queue-noscript.png'), fullPage: true });
    return /ago|2026/.test(t) ? '' : t;
  },
  async 'without scripts taking back asks first'(page) {
    await page.goto(url('status-fresh'));
    if (await page.isVisible('button.danger')) return 'does not ask';
    await page.click('.confirm summary');
    const [r] = await Promise.all([page.waitForRequest((q) => q.method() === 'POST'), page.click('button.danger')]);
    return r.url().endsWith('/s/tok-2/withdraw') ? '' : r.url();
  },
};
for (const [list, options] of [[stories, { timezoneId: 'Asia/Tokyo' }], [bare, { javaScriptEnabled: false }]]) {
  for (const [check, run] of Object.entries(list)) {
    const page = await open({ viewport: { width: 1280, height: 900 }, ...options });
    
    let wrong;
    try { wrong = await run(page); } catch (e) { wrong = e.stack; }
    say('story', check, [wrong, ...page.faults].filter(Boolean).join('\n'));
    await page.context().close();
  }
}
await browser.close();
say('story', 'came to the end');
