// The scrolling list of messages, as a sequence diagram or as a table. Only the rows that can be seen are made.

const ROW = {sequence: 38, table: 30, spare: 10};

class Rows {
  constructor(model, choose) {
    this.model = model;
    this.choose = choose;
    this.view = document.getElementById('view');
    this.columns = document.getElementById('columns');
    this.place = document.getElementById('rows');
    this.list = model.shown;
    this.kind = 'sequence';
    this.measure = document.createElement('canvas').getContext('2d');
    this.view.addEventListener('scroll', () => this.draw(), {passive: true});
    new ResizeObserver(() => this.layout()).observe(this.view);
  }

  get height() {
    return ROW[this.kind];
  }

  show(list, kind) {
    const changed = list !== this.list || kind !== this.kind;
    this.list = list;
    this.kind = kind;
    this.layout();
    if (changed)
      this.view.scrollLeft = 0;
  }

  // Sizes depend on the width of the view.
  layout() {
    const style = getComputedStyle(document.documentElement);
    this.measure.font = '12px ' + style.getPropertyValue('--mono');
    this.timeWidth = Math.max(64, Math.ceil(this.measure.measureText(this.model.sinceText({t: this.model.to})).width) + 22);
    document.documentElement.style.setProperty('--time', this.timeWidth + 'px');
    const count = Math.max(this.model.lanes.size, 1);
    const room = this.view.clientWidth - this.timeWidth - 12;
    this.laneWidth = Math.max(112, Math.min(260, Math.floor(room / count)));
    this.width = this.timeWidth + this.laneWidth * count + 12;
    const isDiagram = this.kind === 'sequence';
    this.place.style.height = this.list.length * this.height + 'px';
    this.place.style.width = this.columns.style.width = isDiagram ? this.width + 'px' : '';
    this.columns.className = isDiagram ? 'lanes' : 'cells';
    this.columns.replaceChildren(...(isDiagram ? this.laneHeads() : this.cellHeads()));
    document.getElementById('nothing').hidden = this.list.length > 0;
    this.drawn = null;
    this.draw();
  }

  laneHeads() {
    const heads = [element('span', {className: 'corner'}, 'Time')];
    for (const party of this.model.lanes.keys()) {
      const name = this.model.nameOf(party);
      const lane = element('span', {className: 'lane', title: name}, name);
      lane.classList.toggle('other', this.model.parties[party]?.kind !== 'service');
      lane.style.width = this.laneWidth + 'px';
      heads.push(lane);
    }
    return heads;
  }

  cellHeads() {
    const head = (text, className) => element('span', {className: className ?? ''}, text);
    return [head('Time', 'right'), head('Number', 'wide right'), head('From and to', 'wide'), head('Subject'), head('Size', 'wide right'),
      head('Latency', 'right'), head('', 'wide')];
  }

  // ---- drawing ----

  draw() {
    const first = Math.max(0, Math.floor(this.view.scrollTop / this.height) - ROW.spare);
    const last = Math.min(this.list.length, Math.ceil((this.view.scrollTop + this.view.clientHeight) / this.height) + ROW.spare);
    const key = first + ' ' + last;
    if (key === this.drawn)
      return;
    this.drawn = key;
    this.place.replaceChildren(...this.list.slice(first, last).map((row, i) => this.make(row, first + i)));
  }

  redraw() {
    this.drawn = null;
    this.draw();
  }

  make(row, at) {
    const made = row.k === 'c' ? this.makeHead(row) : row.k === 'g' ? this.makeGap(row)
      : this.kind === 'sequence' ? this.makeArrows(row) : this.makeCells(row);
    made.classList.add('row');
    made.style.top = at * this.height + 'px';
    made.style.height = this.height + 'px';
    if (row.number !== undefined) {
      made.dataset.number = row.number;
      made.classList.toggle('chosen', row === this.chosen);
      made.classList.toggle('related', row !== this.chosen && this.isRelated(row));
      made.onclick = () => this.choose(row);
    } else {
      made.style.lineHeight = this.height - 1 + 'px';
    }
    return made;
  }

  isRelated(row) {
    const chosen = this.chosen;
    return chosen !== undefined && (row === chosen.request || row === chosen.causedBy || row.request === chosen || row.causedBy === chosen);
  }

  makeHead(row) {
    return element('div', {className: 'head'}, element('span', null, 'Conversation of #' + row.label + ' ' + visible(textOf(row, 'subject')) + ', ' +
      countText(row.count, 'message') + (row.cutshort ? '; ended early, because memory was short' : '')));
  }

  makeGap(row) {
    return element('div', {className: 'gap'}, element('span', null, this.model.sinceText(row) + '  Gap' +
      (row.messages > 0 ? ' of ' + countText(row.messages, 'message') : '') + ': ' + visible(textOf(row, 'text'))));
  }

  // ---- a row of the diagram ----

  laneX(party) {
    return (this.model.lanes.get(party) + 0.5) * this.laneWidth;
  }

  makeArrows(row) {
    const width = this.width - this.timeWidth;
    const svg = svgElement('svg', {width, height: ROW.sequence});
    for (const party of this.model.lanes.keys())
      svg.append(svgElement('line', {class: 'life', x1: this.laneX(party), x2: this.laneX(party), y1: 0, y2: ROW.sequence}));
    const from = this.laneX(row.from);
    const group = svgElement('g', {class: row.isreply ? 'reply' : row.k === 'd' ? 'seen' : ''});
    const ends = row.to.length > 0 ? this.putArrows(group, row, from) : [this.putStub(group, row, from)];
    svg.append(group, this.label(row, Math.min(from, ...ends), Math.max(from, ...ends), width));
    return element('div', {className: 'arrows'}, element('span', {className: 'time'}, this.model.sinceText(row)), svg);
  }

  // An arrow to each receiving party, from the one before it in its direction; red where all its connections lost the message.
  // Returns where they end.
  putArrows(group, row, from) {
    const lost = new Map();
    for (const receiver of row.to)
      lost.set(receiver.p, (lost.get(receiver.p) ?? true) && receiver.o !== undefined);
    const ends = [...lost].map(([party, isLost]) => [this.laneX(party), isLost]);
    const before = {'-1': from, '0': from, '1': from};
    ends.sort(([a], [b]) => Math.abs(a - from) - Math.abs(b - from));
    for (const [to, isLost] of ends) {
      const direction = Math.sign(to - from);
      group.append(direction === 0 ? this.loop(from, isLost) : this.segment(before[direction], to, direction, isLost));
      before[direction] = to;
    }
    return ends.map(([to]) => to);
  }

  segment(from, to, direction, isLost) {
    const line = svgElement('line', {class: 'arrow', x1: from, x2: to - direction * 6, y1: 27, y2: 27});
    const place = svgElement('g', {class: isLost ? 'lost' : ''});
    place.append(line, this.tip(to, 27, direction, isLost));
    return place;
  }

  // A party that receives its own message.
  loop(at, isLost) {
    const place = svgElement('g', {class: isLost ? 'lost' : ''});
    place.append(svgElement('path', {class: 'arrow', d: `M${at} 22 h18 v9 h-14`}), this.tip(at + 4, 31, -1, isLost));
    return place;
  }

  // To nobody, or to somebody who is not known.
  putStub(group, row, from) {
    const isLost = !row.may && !row.more;
    const place = svgElement('g', {class: isLost ? (row.reply || row.reply_base64 ? 'lost' : 'unheard') : 'seen'});
    place.append(svgElement('line', {class: 'arrow', x1: from, x2: from + 34, y1: 27, y2: 27}), this.tip(from + 40, 27, 1, isLost));
    group.append(place);
    return from + 40;
  }

  tip(x, y, direction, isLost) {
    if (isLost)
      return svgElement('path', {class: 'arrow', d: `M${x - direction * 10} ${y - 4} l8 8 m0 -8 l-8 8`});
    return svgElement('path', {class: 'tip', d: `M${x} ${y} l${-direction * 8} -4 v8 z`});
  }

  // Above the arrow; in the middle if it fits there, else from its left end on.
  label(row, left, right, width) {
    const words = row.isInboxReply ? 'reply' : row.subjectText;
    const status = this.model.statusOf(row).slice(0, 40), trouble = this.model.troubleOf(row);
    const more = '  ' + (row.isreply && row.latency !== undefined ? spanText(row.latency) : sizeText(row.size)) + (status ? '  ' + status : '');
    const longest = Math.max(8, Math.floor(width / 7.3) - more.length - trouble.length - 6);
    const shown = words.length > longest ? words.slice(0, longest - 1) + '…' : words;
    const length = this.measure.measureText(shown + more + (trouble ? '  ' + trouble : '')).width;
    const middle = (left + right - length) / 2;
    const x = Math.max(4, Math.min(length < right - left - 8 ? middle : left + 7, width - length - 6));
    const text = svgElement('text', {x, y: 17});
    text.append(svgElement('tspan', {}, shown), svgElement('tspan', {class: 'more', dx: 8}, more.trim()));
    if (trouble)
      text.append(svgElement('tspan', {class: this.model.isSerious(row) ? 'trouble' : 'doubt', dx: 8}, trouble));
    return text;
  }

  // ---- a row of the table ----

  makeCells(row) {
    const cell = (text, className) => element('span', {className: className ?? '', title: text}, text);
    const latency = row.latency ?? row.delivered;
    const subject = row.isInboxReply && row.request ? element('span', {className: 'muted', title: row.subjectText}, 'reply to ', element('span', {className: 'mono'}, row.request.subjectText))
      : cell(row.subjectText, 'mono');
    return element('div', {className: 'cells'}, cell(this.model.sinceText(row), 'right muted'), cell(row.label, 'wide right muted'),
      cell(this.model.nameOf(row.from) + ' → ' + this.model.receiverText(row), 'wide'), subject,
      cell(sizeText(row.size), 'wide right'), cell(latency === undefined ? '' : spanText(latency), 'right'),
      element('span', {className: 'wide flags'}, ...chipsOf(this.model, row)));
  }

  // ---- choosing ----

  mark(message) {
    this.chosen = message;
    const at = this.list.indexOf(message);
    if (at >= 0) {
      const top = at * this.height, head = this.columns.offsetHeight;
      if (top < this.view.scrollTop)
        this.view.scrollTop = top;
      else if (top + this.height + head > this.view.scrollTop + this.view.clientHeight)
        this.view.scrollTop = top + this.height + head - this.view.clientHeight;
    }
    this.redraw();
  }

  messages() {
    return this.list.filter((row) => row.number !== undefined);
  }

  // The message so many rows after the chosen one, heads and gaps not counted.
  neighbour(step) {
    const messages = this.messages(), at = messages.indexOf(this.chosen);
    return messages[at < 0 ? (step > 0 ? 0 : messages.length - 1) : Math.max(0, Math.min(messages.length - 1, at + step))];
  }
}
