// The page: it joins the views, the search box and the keyboard.

class Page {
  constructor(data) {
    this.model = new Model(data);
    const choose = (message) => this.choose(message);
    this.rows = new Rows(this.model, choose);
    this.timeline = new Timeline(this.model, choose);
    this.details = new Details(this.model, choose, () => this.choose(undefined));
    this.searchBox = document.getElementById('search');
    this.kind = this.model.lanes.size > 40 ? 'table' : 'sequence';
    this.listen();
    this.showHeading();
    this.showNotices();
    this.show();
    this.showAsked();
  }

  // The message that the address names.
  showAsked() {
    const asked = this.model.messages.find((message) => message.label === location.hash.slice(1));
    if (asked)
      this.choose(asked);
  }

  listen() {
    this.searchBox.addEventListener('input', () => {
      clearTimeout(this.searching);
      this.searching = setTimeout(() => this.show(), 60);
    });
    for (const kind of ['sequence', 'table'])
      document.getElementById('view-' + kind).onclick = () => this.showKind(kind);
    document.addEventListener('keydown', (event) => this.press(event));
    addEventListener('hashchange', () => this.showAsked());
  }

  // ---- what is shown ----

  showHeading() {
    const {heads, messages, logs} = this.model, first = messages[0];
    const title = document.getElementById('title');
    if (heads.length === 1)
      title.replaceChildren(element('span', {className: 'number'}, '#' + heads[0].label), visible(textOf(heads[0], 'subject')));
    else
      title.textContent = heads.length > 1 ? countText(heads.length, 'conversation') : logs.map(visible).join(', ');
    document.title = title.textContent + ' – tapedeck';
    const facts = [countText(messages.length, 'message')];
    if (first)
      facts.push(spanText(this.model.to - this.model.from) + ' from ' + timeText(first.time, 0));
    if (heads.length > 0)
      facts.push(logs.map(visible).join(', '));
    document.getElementById('facts').textContent = facts.join('  ·  ');
  }

  showNotices() {
    const notices = this.model.leftOut.map(({count, what}) => 'Not in this page: ' + count.toLocaleString('en') + ' ' + what + '.');
    if (this.model.heads.length === 1 && this.model.heads[0].cutshort)
      notices.push('The conversation ended early, because memory was short: there may be more messages.');
    document.getElementById('notices').replaceChildren(...notices.map((text) => element('p', null, text)));
  }

  show() {
    const list = this.model.search(this.searchBox.value);
    this.rows.show(list, this.kind);
    this.timeline.show(list);
    for (const kind of ['sequence', 'table'])
      document.getElementById('view-' + kind).setAttribute('aria-pressed', String(kind === this.kind));
    const count = list.filter((row) => row.number !== undefined).length, all = this.model.messages.length;
    document.getElementById('matches').textContent = this.searchBox.value.trim() ? `${count.toLocaleString('en')} of ${countText(all, 'message')}`
      : countText(all, 'message');
    if (this.rows.list.length === 0)
      document.getElementById('nothing').textContent = all === 0 ? 'No message.' : 'No message holds this text.';
  }

  showKind(kind) {
    this.kind = kind;
    this.show();
    if (this.chosen)
      this.rows.mark(this.chosen);
  }

  // ---- choosing ----

  choose(message) {
    const hadFocus = this.details.place.contains(document.activeElement);
    this.chosen = message;
    this.details.show(message);
    if (hadFocus)
      this.rows.view.focus(); // what had it is gone
    this.rows.mark(message);
    this.timeline.mark(message);
    history.replaceState(null, '', message ? '#' + message.label : '#');
  }

  // Towards the causes, or towards the effects, of the chosen message.
  follow(step) {
    const chosen = this.chosen;
    const next = step < 0 ? chosen?.request ?? chosen?.causedBy : chosen?.replies[0] ?? chosen?.effects[0];
    if (next)
      this.choose(next);
  }

  step(by) {
    const next = this.rows.neighbour(by);
    if (next)
      this.choose(next);
  }

  // ---- keys ----

  pressInSearch(event) {
    if (event.key === 'Escape') {
      this.searchBox.value = '';
      this.show();
      this.searchBox.blur();
    } else if (event.key === 'Enter' || event.key === 'ArrowDown') {
      this.show();
      this.searchBox.blur();
      this.step(1);
    } else {
      return;
    }
    event.preventDefault();
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey)
      return;
    if (event.target === this.searchBox) {
      this.pressInSearch(event);
      return;
    }
    const page = Math.max(1, Math.floor(this.rows.view.clientHeight / this.rows.height) - 2);
    const keys = {
      '/': () => this.searchBox.focus(),
      Escape: () => this.choose(undefined),
      ArrowDown: () => this.step(1), j: () => this.step(1),
      ArrowUp: () => this.step(-1), k: () => this.step(-1),
      ArrowLeft: () => this.follow(-1), ArrowRight: () => this.follow(1),
      PageDown: () => this.step(page), PageUp: () => this.step(-page),
      Home: () => this.choose(this.rows.messages()[0] ?? this.chosen), End: () => this.choose(this.rows.messages().at(-1) ?? this.chosen),
      t: () => this.showKind(this.kind === 'table' ? 'sequence' : 'table'),
    };
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (!act)
      return;
    event.preventDefault();
    act();
  }
}

new Page(JSON.parse(document.getElementById('data').textContent));
