// Makes a screenshot small enough for a README: the same picture as a PNG of at most 256 colours. Reads only what
// Chromium writes: 8 bits, RGB or RGBA, not interlaced.
import { deflateSync, inflateSync, crc32 } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

export function withFewColours(png) {
  const picture = decode(png);
  const counts = histogram(picture.rgb);
  const boxes = medianCut([...counts.values()]);
  const index = new Map();
  boxes.forEach((box, number) => box.forEach(({ key }) => index.set(key, number)));
  const pixels = Buffer.alloc(picture.width * picture.height, 0);
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = index.get(keyOf(picture.rgb, at * 3));
  return encode(picture, boxes.map(mean), pixels);
}

/** Five bits a channel are enough to tell colours apart; what is shown is the mean of what fell together. */
function keyOf(rgb, at) {
  return ((rgb[at] >> 3) << 10) | ((rgb[at + 1] >> 3) << 5) | (rgb[at + 2] >> 3);
}

function histogram(rgb) {
  const counts = new Map();
  for (let at = 0; at < rgb.length; at += 3) {
    const key = keyOf(rgb, at);
    let entry = counts.get(key);
    if (!entry) counts.set(key, (entry = { key, count: 0, sum: [0, 0, 0] }));
    entry.count += 1;
    for (let channel = 0; channel < 3; channel += 1) entry.sum[channel] += rgb[at + channel];
  }
  return counts;
}

function medianCut(entries) {
  const boxes = [entries];
  while (boxes.length < COLOURS) {
    const widest = boxes.map((box) => ({ box, ...spread(box) })).toSorted((a, b) => b.error - a.error)[0];
    if (widest.box.length < 2) break;
    const sorted = widest.box.toSorted((a, b) => a.sum[widest.channel] / a.count - b.sum[widest.channel] / b.count);
    const half = sorted.reduce((sum, { count }) => sum + count, 0) / 2;
    let at = 0;
    for (let seen = 0; at < sorted.length - 1 && seen + sorted[at].count <= half; at += 1) seen += sorted[at].count;
    at = Math.max(1, at);
    boxes.splice(boxes.indexOf(widest.box), 1, sorted.slice(0, at), sorted.slice(at));
  }
  return boxes;
}

/** The channel in which a box's colours differ most, and how much that matters: many pixels count, but not for all. */
function spread(box) {
  const centre = mean(box);
  const total = box.reduce((sum, { count }) => sum + count, 0);
  const errors = [0, 1, 2].map((channel) => box.reduce((sum, entry) => sum + entry.count * (entry.sum[channel] / entry.count - centre[channel]) ** 2, 0));
  const channel = errors.indexOf(Math.max(...errors));
  return { channel, error: box.length < 2 ? -1 : errors[channel] / Math.sqrt(total) };
}

function mean(box) {
  const total = box.reduce((sum, { count }) => sum + count, 0);
  return [0, 1, 2].map((channel) => Math.round(box.reduce((sum, entry) => sum + entry.sum[channel], 0) / total));
}

function decode(png) {
  const data = [];
  let head;
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const kind = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (kind === 'IHDR') head = { width: body.readUInt32BE(0), height: body.readUInt32BE(4), channels: body[9] === 6 ? 4 : 3 };
    if (kind === 'IDAT') data.push(body);
    at += length + 12;
  }
  return { ...head, rgb: unfilter(inflateSync(Buffer.concat(data)), head) };
}

/** PNG (ISO/IEC 15948), clause 9: each row's bytes are differences from its neighbours, of one of five kinds. */
function unfilter(raw, { width, height, channels }) {
  const stride = width * channels;
  const rows = Buffer.alloc(stride * height);
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const left = x >= channels ? rows[y * stride + x - channels] : 0;
      const up = y > 0 ? rows[(y - 1) * stride + x] : 0;
      const corner = y > 0 && x >= channels ? rows[(y - 1) * stride + x - channels] : 0;
      const expected = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      rows[y * stride + x] = raw[y * (stride + 1) + 1 + x] + expected;
    }
  }
  for (let pixel = 0; pixel < width * height; pixel += 1) rows.copy(rgb, pixel * 3, pixel * channels, pixel * channels + 3);
  return rgb;
}

function paeth(left, up, corner) {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function encode({ width, height }, colours, pixels) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) pixels.copy(rows, y * (width + 1) + 1, y * width, (y + 1) * width);
  const chunks = [['IHDR', head], ['PLTE', Buffer.from(colours.flat())], ['IDAT', deflateSync(rows, { level: 9 })], ['IEND', Buffer.alloc(0)]];
  return Buffer.concat([SIGNATURE, ...chunks.map(([kind, body]) => chunk(kind, body))]);
}

function chunk(kind, body) {
  const whole = Buffer.alloc(body.length + 12);
  whole.writeUInt32BE(body.length, 0);
  whole.write(kind, 4, 'latin1');
  body.copy(whole, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, body.length + 8)), body.length + 8);
  return whole;
}
