// When everything happened: requests as bars until their replies, other messages as marks.

const LINE = {top: 8, bars: 5, bar: 6, axis: 20, side: 16};

class Timeline {
  constructor(model, choose) {
    this.model = model;
    this.canvas = document.getElementById('timeline');
    this.list = model.messages;
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    this.canvas.onclick = (event) => {
      const nearest = this.nearest(event.offsetX);
      if (nearest)
        choose(nearest);
    };
  }

  show(list) {
    this.list = list.filter((row) => row.number !== undefined);
    this.draw();
  }

  mark(message) {
    this.chosen = message;
    this.draw();
  }

  get span() {
    return Math.max(this.model.to - this.model.from, 1);
  }

  x(t) {
    return LINE.side + (t - this.model.from) / this.span * (this.canvas.clientWidth - 2 * LINE.side);
  }

  nearest(x) {
    let best = null, least = Infinity;
    for (const message of this.list) {
      const distance = Math.abs(this.x(message.t) - x);
      if (distance < least) {
        least = distance;
        best = message;
      }
    }
    return best;
  }

  draw() {
    const {clientWidth: width, clientHeight: height} = this.canvas, scale = devicePixelRatio || 1;
    if (width === 0)
      return;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    this.pen = this.canvas.getContext('2d');
    this.pen.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    this.color = (name) => style.getPropertyValue('--' + name).trim();
    this.drawAxis(width, height);
    if (this.model.messages.length > 0)
      this.drawMessages(height - LINE.axis);
  }

  drawAxis(width, height) {
    const pen = this.pen, parts = this.model.to > this.model.from ? width < 600 ? 3 : 8 : 1, y = height - LINE.axis;
    pen.font = '11px ' + this.color('sans');
    pen.fillStyle = this.color('muted');
    pen.strokeStyle = this.color('line');
    pen.beginPath();
    for (let i = 0; i <= parts; i++) {
      const x = Math.round(LINE.side + (width - 2 * LINE.side) * i / parts) + 0.5;
      pen.moveTo(x, 0);
      pen.lineTo(x, y + 4);
      pen.textAlign = i === 0 ? 'left' : i === parts ? 'right' : 'center';
      pen.fillText(spanText((this.model.to - this.model.from || 0) * i / parts), i === 0 ? x - 4 : i === parts ? x + 4 : x, height - 5);
    }
    pen.moveTo(0, y + 0.5);
    pen.lineTo(width, y + 0.5);
    pen.stroke();
  }

  // Bars that overlap in time lie below each other, as far as there is room.
  drawMessages(bottom) {
    const ends = new Array(bottom > 50 ? LINE.bars : LINE.bars - 1).fill(-Infinity);
    for (const message of this.list) {
      const x = this.x(message.t), trouble = this.model.isSerious(message);
      if (message.replies.length > 0) {
        const end = Math.max(this.x(message.t + message.replies[0].latency), x + 3);
        let lane = ends.findIndex((taken) => taken < x);
        lane = lane < 0 ? ends.length - 1 : lane;
        ends[lane] = end + 1;
        this.bar(x, LINE.top + lane * (LINE.bar + 2), end - x, LINE.bar, trouble ? 'trouble' : 'accent');
      } else if (!message.request) {
        this.bar(x, bottom - 10, 2, 8, trouble ? 'trouble' : 'muted');
      }
    }
    if (this.chosen)
      this.bar(this.x(this.chosen.t) - 0.5, 0, 2, bottom + 4, 'text');
  }

  bar(x, y, width, height, color) {
    this.pen.fillStyle = this.color(color);
    this.pen.fillRect(x, y, width, height);
  }
}
