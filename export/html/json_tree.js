// A payload of JSON as a tree. Its own parser keeps what JSON.parse loses: long numbers, repeated keys, the order of keys.

const TREE = {depth: 100, nodes: 50000, opened: 3, shown: 200};

class JsonReader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.nodes = 0;
  }

  // {kind, text} or {kind: 'object' | 'array', members: [[key, node], …]}; null when the text is not JSON.
  read() {
    try {
      const node = this.value(0);
      this.blank();
      return this.at === this.text.length ? node : null;
    } catch {
      return null;
    }
  }

  blank() {
    while (this.at < this.text.length && ' \t\r\n'.includes(this.text[this.at]))
      this.at++;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found)
      throw new Error('not JSON');
    this.at = pattern.lastIndex;
    return found[0];
  }

  string() {
    return JSON.parse(this.take(/"(?:[^"\\\u0000-\u001f]|\\.)*"/y));
  }

  value(depth) {
    if (depth > TREE.depth || ++this.nodes > TREE.nodes)
      throw new Error('too much');
    this.blank();
    const first = this.text[this.at];
    if (first === '{' || first === '[')
      return this.members(first === '{', depth);
    if (first === '"')
      return {kind: 'string', text: this.string()};
    if (first === 't' || first === 'f' || first === 'n')
      return {kind: 'word', text: this.take(/true|false|null/y)};
    return {kind: 'number', text: this.take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y)};
  }

  members(isObject, depth) {
    const end = isObject ? '}' : ']';
    const members = [];
    this.at++;
    this.blank();
    if (this.text[this.at] === end) {
      this.at++;
      return {kind: isObject ? 'object' : 'array', members};
    }
    for (;;) {
      this.blank();
      const key = isObject ? this.string() : String(members.length);
      if (isObject) {
        this.blank();
        this.take(/:/y);
      }
      members.push([key, this.value(depth + 1)]);
      this.blank();
      if (this.take(/[,}\]]/y) === ',')
        continue;
      if (this.text[this.at - 1] !== end)
        throw new Error('not JSON');
      return {kind: isObject ? 'object' : 'array', members};
    }
  }
}

// The tree of a text; null when it is no object and no array of JSON.
function jsonOf(text) {
  if (!/^\s*[[{]/.test(text))
    return null;
  return new JsonReader(text).read();
}

function leafText(node) {
  return node.kind === 'string' ? visible(JSON.stringify(node.text)) : node.text;
}

function treeName(key) {
  return key === null ? '' : element('span', {className: 'name'}, visible(key) + ': ');
}

// Members are made when they are first shown, and a long list in pieces.
function fillMembers(inside, members, from, depth) {
  for (const [key, node] of members.slice(from, from + TREE.shown))
    inside.append(treeOf(node, key, depth + 1));
  const left = members.length - from - TREE.shown;
  if (left > 0) {
    const more = element('button', {className: 'link', type: 'button'}, 'show ' + countText(left, 'more member'));
    more.onclick = () => {
      more.remove();
      fillMembers(inside, members, from + TREE.shown, depth);
    };
    inside.append(more);
  }
}

function treeOf(node, key, depth) {
  if (!node.members)
    return element('div', {className: 'leaf'}, treeName(key), element('span', {className: node.kind}, leafText(node)));
  const count = node.members.length;
  const summary = (node.kind === 'object' ? '{' : '[') + (count > 0 ? ' ' + count + ' ' : '') + (node.kind === 'object' ? '}' : ']');
  if (count === 0)
    return element('div', {className: 'leaf'}, treeName(key), summary);
  const inside = element('div', {className: 'inside'});
  const branch = element('details', {open: depth < TREE.opened},
    element('summary', null, treeName(key), element('span', {className: 'name'}, summary)), inside);
  const fill = () => branch.open && inside.childNodes.length === 0 && fillMembers(inside, node.members, 0, depth);
  branch.ontoggle = fill;
  fill();
  return branch;
}
