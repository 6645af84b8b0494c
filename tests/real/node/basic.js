#!/usr/bin/node
// V8: interpreter, baseline and optimising compilers, deoptimisation, garbage collection, regular expressions
// compiled to machine code, promises.
// packages: nodejs
const crypto = require('crypto');
const zlib = require('zlib');
class Shape { constructor(w, h) { this.w = w; this.h = h; } area() { return this.w * this.h; } }
class Round extends Shape { area() { return this.w * this.w * 3; } }
const shapes = Array.from({ length: 2000 }, (_, n) => (n % 3 ? new Shape(n, n + 1) : new Round(n, n)));
const total = () => shapes.reduce((sum, shape) => sum + shape.area(), 0);
for (let i = 0; i < 100; ++i) total();
console.log(total());
Shape.prototype.area = function () { return this.w + this.h; };
console.log(total());
const add = (a, b) => a + b;
for (let i = 0; i < 50000; ++i) add(i, 1);
console.log(add('de', 'opt'), add(1.5, 2), add(2 ** 31, 2 ** 31));
const text = Array.from({ length: 20000 }, (_, n) => (n * 2654435761 % 4093).toString(16)).join(' ');
console.log((text.match(/\b([0-9a-f])\1[0-9a-f]*\b/g) || []).length, /(x+x+)+y/.test('x'.repeat(20)));
console.log(crypto.createHash('sha256').update(text).digest('hex'));
console.log(zlib.gunzipSync(zlib.gzipSync(text)).toString() === text);
let garbage = 0;
for (let i = 0; i < 300; ++i) garbage += new Array(2000).fill({ i }).map((o) => ({ ...o })).length;
console.log(garbage, (3n ** 400n).toString().length);
const buffer = new Float64Array(1000).map((_, i) => Math.sin(i));
console.log(buffer.reduce((a, b) => a + b, 0).toFixed(9));
try { null.x; } catch (e) { console.log(e.message); }
try { (function deep() { deep(); })(); } catch (e) { console.log(e.constructor.name); }
function* naturals() { let n = 0; for (;;) yield n++; }
for (const n of naturals()) if (n * n > 500) { console.log(n); break; }
setTimeout(() => console.log('timer'), 1500);
setImmediate(() => console.log('immediate'));
process.nextTick(() => console.log('tick'));
(async () => {
  await null;
  console.log('promise');
  process.exitCode = 3;
})();
