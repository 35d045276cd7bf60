// The bytes of a response's headers, through every entry.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { WeCom } from 'wecom-connector';
import { AsyncWeCom } from 'wecom-connector/async';
import { WeComWorker } from 'wecom-connector/worker';

const bytes = (...parts) => Buffer.concat(parts.map((it) => Buffer.from(it)));
const names = [
  ['UTF-8', bytes('attachment; filename="值班表 é🚰.txt"'), '值班表 é🚰.txt'],
  ['UTF-8 below U+0100', bytes('attachment; filename="é.txt"'), 'é.txt'],
  ['no UTF-8', bytes('attachment; filename="a', [0xe9, 0xff], '.txt"'), 'a\ufffd\ufffd.txt'],
  ['filename*', bytes("attachment; filename*=UTF-8''%E5%80%BC%E7%8F%AD%E8%A1%A8.txt"), '值班表.txt'],
  ['filename* beside filename', bytes('attachment; filename*=utf-8\'\'%E5%80%BC.txt; filename="?.txt"'), '值.txt'],
  ['ASCII', bytes('attachment; filename="rota.txt"'), 'rota.txt'],
];

// In a thread of its own, as the blocking entry leaves this one no time to respond.
const program = `
  import { createServer } from 'node:net';
  import { parentPort, workerData } from 'node:worker_threads';
  const server = createServer((socket) =>
    socket.on('data', (request) => {
      socket.write('HTTP/1.1 200 OK\\r\\ncontent-type: image/png\\r\\ncontent-length: 7\\r\\ncontent-disposition: ');
      socket.write(workerData[/media_id=(\\d+)/.exec(request)[1]]);
      socket.write('\\r\\n\\r\\nMon 7-5');
    }),
  );
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

let server;
const entries = [];

before(async () => {
  const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
  server = new Worker(url, { workerData: names.map(([, disposition]) => disposition) });
  const [port] = await once(server, 'message');
  const application = { tag: 'token', val: { token: 'TOKEN', baseUrl: `http://127.0.0.1:${port}` } };
  entries.push(await WeCom.load({ env: {} }), await WeComWorker.start({ env: {} }));
  if (typeof WebAssembly.Suspending === 'function') entries.push(await AsyncWeCom.load({ env: {} }));
  for (const it of entries) it.download = (id) => it.as({ application }).getMedia(id);
});
after(async () => {
  await entries.at(1)?.close();
  await server.terminate();
});

for (const [index, [name, , expected]] of names.entries()) {
  test(name, async () => {
    for (const it of entries) {
      const { fileName, contentType, content } = await it.download(String(index));
      assert.deepEqual([fileName, contentType, String(Buffer.from(content))], [expected, 'image/png', 'Mon 7-5'], it.constructor.name);
    }
  });
}
