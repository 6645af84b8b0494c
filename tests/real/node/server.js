#!/usr/bin/node
// An HTTP server, a client and a cluster on loopback.
// packages: nodejs
const http = require('http');
const server = http.createServer((request, response) => {
  let length = 0;
  request.on('data', (chunk) => { length += chunk.length; });
  request.on('end', () => response.end(`${request.method} ${request.url} ${length}\n`));
});
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const get = (n) => new Promise((resolve) => {
    const request = http.request({ port, host: '127.0.0.1', path: `/${n}`, method: 'POST' }, (response) => {
      let text = '';
      response.on('data', (chunk) => { text += chunk; });
      response.on('end', () => resolve(text));
    });
    request.end(Buffer.alloc(n * 1000));
  });
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => get(n)));
  console.log(answers.join(''));
  server.close();
});
