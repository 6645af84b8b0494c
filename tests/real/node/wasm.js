#!/usr/bin/node
// WebAssembly: its compilers, and bounds checks that are page faults, caught by a signal handler.
// packages: nodejs
const unsigned = (n) => { const bytes = []; do { bytes.push((n & 127) | (n > 127 ? 128 : 0)); n >>>= 7; } while (n); return bytes; };
const section = (id, body) => [id, ...unsigned(body.length), ...body];
const name = (text) => [text.length, ...Buffer.from(text)];
const code = (...body) => [...unsigned(body.length + 1), ...body, 0x0b];
const module_ = new WebAssembly.Module(new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]),  // i32 -> i32
  ...section(3, [4, 0, 0, 0, 0]),
  ...section(5, [1, 0, 1]),  // one page of memory
  ...section(7, [4, ...name('fib'), 0, 0, ...name('load'), 0, 1, ...name('divide'), 0, 2, ...name('trap'), 0, 3]),
  ...section(10, [4,
    ...code(0, 0x20, 0, 0x41, 2, 0x48, 0x04, 0x7f, 0x20, 0, 0x05, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x20, 0, 0x41,
            2, 0x6b, 0x10, 0, 0x6a, 0x0b),
    ...code(0, 0x20, 0, 0x28, 2, 0),
    ...code(0, 0x41, 7, 0x20, 0, 0x6d),
    ...code(0, 0x00)]),
]));
const { fib, load, divide, trap } = new WebAssembly.Instance(module_).exports;
console.log(fib(20), load(100), divide(2));
const caught = {};
const attempt = (f, x) => { try { f(x); } catch (e) { caught[e.message] = (caught[e.message] || 0) + 1; } };
for (let i = 0; i < 2000; ++i) {
  attempt(load, 65536 + i * 4096);
  attempt(divide, 0);
  attempt(trap, 0);
}
console.log(caught);
console.log(load(65532));
