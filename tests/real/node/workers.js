#!/usr/bin/node
// Threads with an isolate each, shared memory and Atomics, child processes, signals.
// packages: nodejs
// limit: 120
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');
if (!isMainThread) {
  const cells = new Int32Array(workerData.shared);
  for (let i = 0; i < 20000; ++i) Atomics.add(cells, 0, 1);
  let x = workerData.n;
  for (let i = 0; i < 100000; ++i) x = (x * 31 + i) % 1000003;
  Atomics.notify(cells, 1);
  parentPort.postMessage(x);
} else {
  const shared = new SharedArrayBuffer(8);
  const results = [0, 1, 2, 3].map((n) => new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: { n, shared } });
    worker.on('message', resolve);
    worker.on('error', reject);
  }));
  Promise.all(results).then((values) => {
    console.log(values, new Int32Array(shared)[0]);
    const worker = new Worker('for (;;);', { eval: true });
    worker.on('online', () => worker.terminate().then((code) => console.log('terminated', code)));
    worker.on('exit', () => {
      const { execFileSync, spawnSync, fork } = require('child_process');
      console.log(execFileSync('sort', ['-rn'], { input: '1\n10\n9\n' }).toString());
      console.log(spawnSync('sh', ['-c', 'kill -TERM $$']).signal);
      process.on('SIGUSR2', () => { console.log('usr2'); clearInterval(waiting); });
      const waiting = setInterval(() => {}, 1000);
      process.kill(process.pid, 'SIGUSR2');
    });
  });
}
