'use strict';
// Text for people: bytes, numbers, times. Everything from a log becomes a text node here and nowhere markup.

// Characters that reorder or hide text, as tapedeck's other outputs write them.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]|\ud834[\udd73-\udd7a]|[\udb40-\udbff][\udc00-\udfff]/g;

function escapeCharacter(character) {
  const named = {'\n': '\\n', '\r': '\\r', '\t': '\\t'}[character];
  const point = character.codePointAt(0);
  const hex = (digits) => point.toString(16).padStart(digits, '0');
  return named ?? (point < 0x100 ? '\\x' + hex(2) : point < 0x10000 ? '\\u' + hex(4) : '\\U' + hex(8));
}

function visible(text) {
  return text.replace(UNSAFE, escapeCharacter);
}

// Likewise for text of several lines.
function visibleLines(text) {
  return text.replace(/\r\n/g, '\n').replace(UNSAFE, (c) => c === '\n' || c === '\t' ? c : escapeCharacter(c));
}

function bytesOfBase64(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

// The text of a member that is a string or, where its bytes are no text, <key>_base64.
function textOf(row, key) {
  if (typeof row[key] === 'string')
    return row[key];
  const base64 = row[key + '_base64'];
  return base64 === undefined ? '' : new TextDecoder().decode(bytesOfBase64(base64));
}

// The printable ASCII of a hex dump, 16 bytes a line.
function hexDump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0'));
    const groups = hex.slice(0, 8).join(' ').padEnd(23) + '  ' + hex.slice(8).join(' ').padEnd(23);
    const ascii = part.map((byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.').join('');
    lines.push(at.toString(16).padStart(6, '0') + '  ' + groups + '  ' + ascii);
  }
  return lines.join('\n');
}

function countText(count, noun) {
  return count.toLocaleString('en') + ' ' + noun + (count === 1 ? '' : 's');
}

function sizeText(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return (unit > 0 && bytes < 100 ? bytes.toFixed(1) : Math.floor(bytes)) + ' ' + units[unit];
}

// A span of microseconds.
function spanText(us) {
  const sign = us < 0 ? '-' : '';
  us = Math.abs(us);
  const two = (number) => String(Math.floor(number)).padStart(2, '0');
  if (us < 1000)
    return sign + Math.round(us) + ' µs';
  if (us < 1e6)
    return sign + (us / 1e3).toPrecision(3) + ' ms';
  if (us < 60e6)
    return sign + (us / 1e6).toFixed(us < 10e6 ? 2 : 1) + ' s';
  if (us < 3600e6)
    return sign + Math.floor(us / 60e6) + ' min ' + two(us / 1e6 % 60) + ' s';
  return sign + Math.floor(us / 3600e6) + ' h ' + two(us / 60e6 % 60) + ' min';
}

// An RFC 3339 time for people; digits: of the fraction, at most.
function timeText(time, digits) {
  const [, day, clock, fraction, zone] = /^([^T]*)T(\d\d:\d\d:\d\d)\.?(\d*)(.*)$/.exec(time) ?? [null, time, '', '', ''];
  const shown = fraction.slice(0, digits).replace(/(000)+$/, '');
  return day + ' ' + clock + (shown ? '.' + shown : '') + ' ' + (zone === 'Z' || zone === '+00:00' ? 'UTC' : zone);
}

// Make an element. Members of `set` are properties; children are elements and texts.
function element(name, set, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(set ?? {}))
    made[key] = value;
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return made;
}

function svgElement(name, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes))
    made.setAttribute(key, value);
  if (text !== undefined)
    made.textContent = text;
  return made;
}
