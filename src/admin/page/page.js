// Asks again, says how long ago things were, and finds. Without it the page is complete, and reloads itself.
'use strict';
(() => {
  const EVERY = 5000;        // Milliseconds between two looks. An answer without news is 304 and a few bytes.
  const PATIENCE = 10000;    // Milliseconds an answer may take.
  const LOST_AFTER = 2;      // Looks without an answer until the page says so.

  const byId = (id) => document.getElementById(id);
  const parts = () => document.querySelectorAll('main > [data-part]');
  const served = new Map();  // What the server sent for each part, to see whether it sends something else.
  let tag = null;
  let failures = 0;
  let heard = Date.now();

  const remember = (part) => served.set(part.id, part.innerHTML);

  function ago(seconds) {
    if (seconds < -5) return null;
    if (seconds < 1) return 'now';
    if (seconds < 120) return `${Math.floor(seconds)} s ago`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
    return null;             // Older moments are told by their date.
  }

  function tick() {
    const now = Date.now();
    for (const time of document.querySelectorAll('time')) {
      time.dataset.full ??= time.textContent;
      const words = ago((now - Date.parse(time.dateTime)) / 1000) ?? time.dataset.full;
      if (time.textContent !== words) {
        time.textContent = words;
        time.title = time.dataset.full;
      }
    }
  }

  // Everything below `part` that a person may have changed is kept: what is open, and where the focus is.
  function replace(part, fresh) {
    const wasOpen = new Map([...part.querySelectorAll('details[id]')].map((it) => [it.id, it.open]));
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const home = focused?.closest('details[id]')?.id ?? part.id;
    const isSummary = focused?.tagName === 'SUMMARY';
    const link = focused?.getAttribute('href');
    served.set(part.id, fresh.innerHTML);
    part.replaceChildren(...fresh.childNodes);
    for (const [id, open] of wasOpen) {
      const details = byId(id);
      if (details) details.open = open;
    }
    if (!focused) return;
    const place = byId(home) ?? part;
    const same = [...place.querySelectorAll('a[href]')].find((it) => it.getAttribute('href') === link);
    (isSummary ? place.querySelector('summary') : same ?? place.querySelector('summary, a, button'))?.focus({ preventScroll: true });
  }

  function take(text) {
    const next = new DOMParser().parseFromString(text, 'text/html');
    const before = byId('verdict-words')?.textContent;
    const ids = [...parts()].map((part) => part.id).join();
    const fresh = [...next.querySelectorAll('main > [data-part]')];
    if (ids !== fresh.map((part) => part.id).join()) {
      parts().forEach((part) => part.remove());
      byId('main').append(...fresh);
      parts().forEach(remember);
    } else {
      for (const part of fresh) {
        if (served.get(part.id) !== part.innerHTML) replace(byId(part.id), part);
      }
    }
    document.title = next.title;
    const after = byId('verdict-words')?.textContent;
    if (after && after !== before) byId('said').textContent = after;
    dress();
    find();
  }

  async function look() {
    try {
      const answer = await fetch('/', {
        headers: tag ? { 'If-None-Match': tag } : {},
        cache: 'no-store',
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.status === 200) {
        tag = answer.headers.get('ETag');
        take(await answer.text());
      } else if (answer.status !== 304) {
        throw new Error(`HTTP ${answer.status}`);
      }
      failures = 0;
      heard = Date.now();
      byId('lost').hidden = true;
    } catch {
      failures += 1;
      if (failures >= LOST_AFTER && byId('lost').hidden) {
        byId('lost').textContent = `palisade has not answered since ${new Date(heard).toLocaleTimeString()}: what you see is old.`;
        byId('lost').hidden = false;
      }
    }
    tick();
  }

  // A button for each command. Browsers let pages copy only where they trust the connection.
  function dress() {
    if (!navigator.clipboard) return;
    for (const command of document.querySelectorAll('.command:not(:has(button))')) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = 'Copy';
      button.addEventListener('click', async () => {
        await navigator.clipboard.writeText(command.querySelector('code').textContent);
        byId('said').textContent = 'Copied';
        button.textContent = 'Copied';
      });
      command.append(button);
    }
  }

  // Shows what has the words in its name, and opens what it lies in.
  function find() {
    const words = byId('find').value.trim().toLowerCase();
    let count = 0;
    const isHit = (node) => words !== '' && node.dataset.find.toLowerCase().includes(words);
    for (const node of document.querySelectorAll('[data-find]')) {
      const hit = isHit(node);
      const outer = node.parentElement.closest('[data-find]');
      if (outer) node.dataset.in = hit || outer.dataset.in === '1' ? '1' : '';
      else node.dataset.in = hit && node.dataset.find !== '/' ? '1' : '';
      const shown = words === '' || node.dataset.in === '1' || [...node.querySelectorAll('[data-find]')].some(isHit);
      (node.parentElement.matches('.tree li') ? node.parentElement : node).hidden = !shown;
      if (hit) {
        count += 1;
        for (let up = node.parentElement; up; up = up.parentElement) {
          if (up.tagName === 'DETAILS') up.open = true;
        }
      }
    }
    byId('found').textContent = words === '' ? '' : `${count} found`;
  }

  // A link to something closed opens it.
  function unfold() {
    const target = location.hash.length > 1 ? byId(decodeURIComponent(location.hash.slice(1))) : null;
    for (let up = target; up; up = up.parentElement) {
      if (up.tagName === 'DETAILS') up.open = true;
    }
    target?.scrollIntoView();
  }

  parts().forEach(remember);
  byId('search').hidden = false;
  byId('find').addEventListener('input', find);
  addEventListener('hashchange', unfold);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
  setInterval(tick, 1000);
  setInterval(() => { if (!document.hidden) look(); }, EVERY);
  dress();
  tick();
  unfold();
  look();
})();
