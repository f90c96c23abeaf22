// The panel of the chosen message.

function chip(text, kind) {
  return element('span', {className: 'chip ' + (kind ?? '')}, text);
}

function chipsOf(model, message) {
  const chips = [];
  const trouble = model.troubleOf(message), status = model.statusOf(message);
  if (message.isreply)
    chips.push(chip('reply', 'reply'));
  else if (model.isRequest(message))
    chips.push(chip('request', 'request'));
  if (message.k === 'd')
    chips.push(chip('delivery'));
  if (trouble)
    chips.push(chip(trouble, model.isSerious(message) ? 'trouble' : 'doubt'));
  if (status)
    chips.push(chip(status, 'trouble'));
  for (const [flag, text] of [['masked', 'masked'], ['cut', 'cut'], ['partial', 'partial']])
    if (message[flag])
      chips.push(chip(text, 'doubt'));
  return chips;
}

class Details {
  constructor(model, choose, close) {
    this.model = model;
    this.choose = choose;
    this.close = close;
    this.place = document.getElementById('details');
  }

  show(message) {
    this.place.hidden = !message;
    if (!message)
      return;
    const close = element('button', {type: 'button', className: 'close', title: 'Close (Esc)', onclick: this.close}, '×');
    close.setAttribute('aria-label', 'Close');
    const parts = [element('div', {className: 'top'}, element('h2', null, message.subjectText), close),
      element('div', {className: 'chips'}, ...chipsOf(this.model, message)), this.facts(message), ...this.receivers(message),
      ...this.links(message), ...this.headers(message), ...this.payload(message)];
    this.place.replaceChildren(...parts);
    this.place.scrollTop = 0;
  }

  section(title, ...content) {
    return content.length > 0 ? [element('h3', null, title), ...content] : [];
  }

  facts(message) {
    const facts = element('dl');
    const add = (name, ...value) => facts.append(element('dt', null, name), element('dd', null, ...value));
    const conn = message.conn === undefined ? '' : element('span', {className: 'muted'}, ' connection ' + message.conn);
    add('Number', '#' + message.seq, message.log ? element('span', {className: 'muted'}, ' of ' + visible(this.model.logs[message.log - 1] ?? '')) : '');
    add('Time', timeText(message.time, 9), element('span', {className: 'muted since'}, ' +' + this.model.sinceText(message)));
    add('From', this.model.nameOf(message.from), conn);
    const reply = visible(textOf(message, 'reply'));
    if (reply)
      add('Reply to', element('span', {className: 'mono'}, reply));
    add('Size', sizeText(message.size), message.size >= 1000 ? element('span', {className: 'muted'}, ' ' + message.size.toLocaleString('en') + ' bytes') : '');
    return facts;
  }

  receivers(message) {
    const list = element('ul', {className: 'list'});
    for (const receiver of message.to)
      list.append(element('li', null, element('span', {className: 'name'}, this.model.nameOf(receiver.p), element('span', {className: 'muted'}, ' connection ' + receiver.conn)),
        receiver.q || receiver.q_base64 ? element('span', {className: 'muted'}, 'queue ' + visible(textOf(receiver, 'q'))) : '',
        receiver.o ? element('span', {className: 'trouble'}, 'dropped: ' + receiver.o) : '',
        receiver.d !== undefined ? element('span', null, 'after ' + spanText(receiver.d)) : ''));
    const others = message.more ? countText(message.more, message.to.length > 0 ? 'more receiver' : 'receiver') + ', not named here' : '';
    if (others)
      list.append(element('li', {className: 'muted'}, others));
    if (message.may)
      list.append(element('li', {className: 'doubt'}, 'The log does not know all receivers.'));
    if (list.childNodes.length === 0)
      list.append(element('li', {className: 'doubt'}, 'Nobody received it.'));
    return this.section('Received by', list);
  }

  // ---- other messages ----

  link(message, about) {
    const link = element('button', {type: 'button', className: 'link'}, '#' + message.label + ' ' + (message.isInboxReply ? 'from ' + this.model.nameOf(message.from) : message.subjectText));
    link.onclick = () => this.choose(message);
    return element('li', null, element('span', {className: 'name'}, link), element('span', {className: 'muted'}, about));
  }

  links(message) {
    const list = element('ul', {className: 'list'});
    const evidence = (one) => one.cause[1] + (one.cause[2] < 0.995 ? ' ' + one.cause[2].toFixed(2) : '');
    if (message.request)
      list.append(this.link(message.request, 'its request, ' + spanText(message.latency) + ' before'));
    if (message.causedBy)
      list.append(this.link(message.causedBy, 'its cause, ' + evidence(message)));
    for (const reply of message.replies.slice(0, 20))
      list.append(this.link(reply, 'reply after ' + spanText(reply.latency)));
    for (const effect of message.effects.slice(0, 20))
      list.append(this.link(effect, 'effect, ' + evidence(effect)));
    const more = Math.max(message.replies.length - 20, 0) + Math.max(message.effects.length - 20, 0);
    if (more > 0)
      list.append(element('li', {className: 'muted'}, countText(more, 'more message')));
    if (this.model.isRequest(message) && message.replies.length === 0 && !message.trouble)
      list.append(element('li', {className: 'muted'}, 'There is no reply to it in this page.'));
    return list.childNodes.length > 0 ? this.section('Related', list) : [];
  }

  // ---- contents ----

  headers(message) {
    const parts = [];
    if (message.head?.length > 0) {
      const rows = message.head.map(([key, value]) => element('tr', null, element('td', null, visible(key)), element('td', null, visible(value))));
      parts.push(element('table', {className: 'pairs'}, element('tbody', null, ...rows)));
    }
    if (message.head_base64)
      parts.push(element('p', {className: 'doubt'}, 'The header block is malformed:'), element('pre', {className: 'hex'}, hexDump(bytesOfBase64(message.head_base64))));
    if (message.headcut)
      parts.push(element('p', {className: 'doubt'}, 'The headers are not whole in this page.'));
    return this.section('Headers', ...parts);
  }

  payload(message) {
    const text = message.payload, bytes = () => text === undefined ? bytesOfBase64(message.payload_base64 ?? '') : new TextEncoder().encode(text);
    const json = text === undefined ? null : jsonOf(text);
    const ways = [];
    if (json)
      ways.push(['JSON', () => element('div', {className: 'tree'}, treeOf(json, null, 0))]);
    ways.push(['Text', () => element('pre', null, visibleLines(text ?? new TextDecoder().decode(bytes())))]);
    ways.push(['Hex', () => element('pre', {className: 'hex'}, hexDump(bytes()))]);
    if (text === undefined)
      ways.reverse();
    const notes = this.payloadNotes(message);
    if ((text ?? message.payload_base64 ?? '') === '')
      return this.section('Payload', ...(notes.length > 0 ? notes : [element('p', {className: 'muted'}, 'None.')]));
    return [...this.tabs('Payload', ways), ...notes];
  }

  payloadNotes(message) {
    const notes = [];
    if (message.left)
      notes.push(element('p', {className: 'doubt'}, 'The log holds ' + countText(message.left, 'more byte') + ', which are not in this page.'));
    if (message.cut)
      notes.push(element('p', {className: 'doubt'}, 'It was cut when it was recorded.'));
    if (message.partial)
      notes.push(element('p', {className: 'doubt'}, 'Parts of it were not seen.'));
    if (message.masked)
      notes.push(element('p', {className: 'doubt'}, 'Parts of the message were masked when it was recorded.'));
    return notes;
  }

  tabs(title, ways) {
    const content = element('div');
    const bar = element('div', {className: 'tabs'}, element('h3', null, title));
    const buttons = ways.map(([name, make]) => {
      const button = element('button', {type: 'button'}, name);
      button.onclick = () => {
        buttons.forEach((one) => one.setAttribute('aria-pressed', String(one === button)));
        content.replaceChildren(make());
      };
      return button;
    });
    bar.append(...buttons);
    buttons[0].click();
    return [bar, content];
  }
}
