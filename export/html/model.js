// The messages of the page and how they hang together.

class Model {
  constructor(data) {
    this.logs = data.logs;
    this.parties = data.parties;
    this.leftOut = data.left_out;
    this.rows = data.rows;
    this.messages = this.rows.filter((row) => row.k !== 'g' && row.k !== 'c');
    for (const row of this.rows)
      row.label = (row.log ? row.log + ':' : '') + row.seq;
    this.messages.forEach((message, number) => this.prepare(message, number));
    for (const message of this.messages)
      this.link(message);
    this.heads = this.rows.filter((row) => row.k === 'c');
    this.from = this.messages.reduce((least, message) => Math.min(least, message.t), Infinity);
    this.to = this.messages.reduce((most, message) => Math.max(most, message.t), -Infinity);
    // a part of the page that nobody needs: the head of the only conversation
    this.shown = this.heads.length === 1 ? this.rows.filter((row) => row.k !== 'c') : this.rows;
    this.lanes = this.lanesOf();
  }

  prepare(message, number) {
    message.number = number;
    message.subjectText = visible(textOf(message, 'subject'));
    // generated subjects say nothing
    message.isInboxReply = message.isreply === true && message.subjectText.startsWith('_INBOX.');
    message.replies = [];
    message.effects = [];
    message.dropped = message.to.filter((receiver) => receiver.o).length;
  }

  link(message) {
    const request = this.messages[message.re];
    const cause = message.cause ? this.messages[message.cause[0]] : undefined;
    if (request) {
      request.replies.push(message);
      message.request = request;
      message.latency = this.latencyOf(message, request);
      if (request.latency === undefined)
        request.latency = message.latency;
    }
    if (cause && cause !== request) {
      cause.effects.push(message);
      message.causedBy = cause;
    }
    if (message.latency === undefined && message.to.some((receiver) => receiver.d !== undefined))
      message.delivered = Math.max(...message.to.map((receiver) => receiver.d ?? -Infinity));
  }

  // Until the requester got the reply where that is known, else until it was published.
  latencyOf(reply, request) {
    const receiver = reply.to.find((one) => one.conn === request.conn && one.d !== undefined);
    return reply.t - request.t + (receiver ? receiver.d : 0);
  }

  // The time after the first message, with the same units and decimals in the whole page.
  sinceText(row) {
    const us = Math.max(row.t - this.from, 0), span = this.to - this.from;
    const two = (number) => String(Math.floor(number)).padStart(2, '0');
    if (span < 1e6)
      return (us / 1e3).toFixed(span < 10e3 ? 3 : 2) + ' ms';
    if (span < 60e6)
      return (us / 1e6).toFixed(4) + ' s';
    const seconds = (us / 1e6 % 60).toFixed(3).padStart(6, '0');
    return span < 3600e6 ? Math.floor(us / 60e6) + ':' + seconds
      : Math.floor(us / 3600e6) + ':' + two(us / 60e6 % 60) + ':' + seconds;
  }

  nameOf(party) {
    return visible(this.parties[party]?.name ?? '?');
  }

  receiverText(message) {
    const names = [...new Set(message.to.map((receiver) => this.nameOf(receiver.p)))];
    const more = (message.more ?? 0) + Math.max(names.length - 2, 0);
    if (names.length === 0)
      return message.more ? countText(message.more, 'receiver') : message.may ? 'unknown' : 'nobody';
    return names.slice(0, 2).join(', ') + (more > 0 ? ' and ' + more + ' more' : '');
  }

  // The parties that take part, in the order in which they first do.
  lanesOf() {
    const lanes = new Map();
    const add = (party) => lanes.has(party) || lanes.set(party, lanes.size);
    for (const message of this.messages) {
      add(message.from);
      message.to.forEach((receiver) => add(receiver.p));
    }
    return lanes;
  }

  isRequest(message) {
    return textOf(message, 'reply') !== '' && message.k !== 'd';
  }

  // What is wrong with a message, in short; '' when nothing is.
  troubleOf(message) {
    if (message.trouble)
      return message.trouble;
    if (message.unheard)
      return 'no receiver';
    return message.dropped > 0 ? 'dropped' + (message.dropped > 1 ? ' for ' + message.dropped : '') : '';
  }

  // Messages that nobody is subscribed to are everyday.
  isSerious(message) {
    return message.trouble !== undefined || message.dropped > 0;
  }

  // "503 No Responders", an error of a service (ADR-32), or ''.
  statusOf(message) {
    const error = (message.head ?? []).find(([key]) => key.toLowerCase() === 'nats-service-error');
    const status = [message.status, message.description].filter((part) => part).join(' ');
    return visible(status || (error ? 'error: ' + error[1] : ''));
  }

  haystackOf(message) {
    message.haystack ??= [message.seq, textOf(message, 'subject'), textOf(message, 'reply'), this.nameOf(message.from),
      ...message.to.map((receiver) => this.nameOf(receiver.p) + ' ' + textOf(receiver, 'q')), this.statusOf(message), this.troubleOf(message),
      ...(message.head ?? []).flat(), textOf(message, 'payload')].join('\n').toLowerCase();
    return message.haystack;
  }

  // The rows that hold every word of the query.
  search(query) {
    const words = query.toLowerCase().split(/\s+/).filter((word) => word);
    if (words.length === 0)
      return this.shown;
    return this.messages.filter((message) => words.every((word) => this.haystackOf(message).includes(word)));
  }
}
