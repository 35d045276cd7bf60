import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { WeComError, WeComWorker } from 'wecom-connector/worker';
import { simulator } from './simulator.js';

let wecom, sim;

before(async () => {
  sim = await simulator();
  wecom = await WeComWorker.start({ env: sim.env });
});
after(async () => {
  await wecom.close();
  sim.stop();
});

test('actions give promises, and the event loop stays free', async () => {
  await sim.control('faults', { on: '/cgi-bin/webhook', kind: { slow_body: { chunk: 1, pause_ms: 10 } } });
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 10);
  assert.deepEqual(await wecom.sendChatbotText({ content: 'hi' }), { truncated: [], warning: undefined });
  clearInterval(ticking);
  assert.ok(ticks > 5, `${ticks} ticks`);
});

test('results and arguments come over whole', async () => {
  const content = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);
  const { id, createdAt } = await wecom.uploadMedia({ kind: 'image', fileName: 'a.png', content });
  assert.equal(typeof createdAt, 'number');
  const recipients = { tag: 'everyone' };
  const { invalidTags } = await wecom.sendAppImage({ recipients, mediaId: id });
  assert.deepEqual(invalidTags, []);
});

test('a long text arrives in parts, and a failure says which part it was', async () => {
  const content = Array.from({ length: 150 }, (_, it) => `Crew ${it}: road N-${it} reopened.`).join('\n\n');
  const parts = await wecom.splitText(content, 'plain', 2048, true);
  const sent = async () => (await sim.control('state')).chatbot_messages.slice(before).map((it) => it.content.content);
  const before = (await sim.control('state')).chatbot_messages.length;
  assert.equal((await wecom.sendChatbotText({ content }, { split: true })).length, 3);
  assert.deepEqual(await sent(), parts);
  const kind = { errcode: { code: 45009, message: 'api freq out of limit' } };
  await sim.control('faults', { on: '/cgi-bin/webhook/send', kind, skip: 1 });
  await assert.rejects(wecom.sendChatbotText({ content }, { split: true }), (error) => {
    assert.match(error.message, /^sendChatbotText, part 2 of 3: /);
    assert.equal(error.sent.length, 1);
    return true;
  });
  assert.deepEqual(await sent(), [...parts, parts[0]]);
});

test('calls at the same time are answered one after the other', async () => {
  const results = await Promise.all(Array.from({ length: 5 }, () => wecom.listDepartmentIds()));
  assert.deepEqual(results.map((it) => it.length), [1, 1, 1, 1, 1]);
});

test('errors keep their class', async () => {
  const error = await wecom.deleteDepartment(4711).catch((error) => error);
  assert.ok(error instanceof WeComError);
  const { kind, code, retryable, cause } = error;
  assert.deepEqual([kind, code, retryable, cause.tag], ['permanent-rejected', 60123, false, 'permanent-rejected']);
  await assert.rejects(wecom.as('sales').listDepartmentIds(), { kind: 'permanent-missing-credential' });
  assert.equal((await wecom.listDepartmentIds()).length, 1);
});

test('one connection serves all calls', async () => {
  let connections = 0;
  const server = createServer((request, response) => response.end('{"errcode":0,"errmsg":"ok","department_id":[]}'));
  server.on('connection', () => connections++).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const token = { token: 'TOKEN', baseUrl: `http://127.0.0.1:${server.address().port}` };
  const application = { tag: 'token', val: token };
  for (let i = 0; i < 5; i++) assert.deepEqual(await wecom.as({ application }).listDepartmentIds(), []);
  assert.equal(connections, 1);
  server.close().closeAllConnections();
});

test('requests are logged without their query', async () => {
  const lines = [];
  const other = await WeComWorker.start({ env: sim.env, logger: { debug: (line) => lines.push(line) } });
  await other.listDepartmentIds();
  await other.close();
  const masked = lines.map((line) => line.replace(/\d+ ms/, '… ms').replace(sim.env.WECOM_BASE_URL, 'SERVER'));
  assert.deepEqual(masked, [
    'GET SERVER/cgi-bin/gettoken: status 200 after … ms',
    'GET SERVER/cgi-bin/department/simplelist: status 200 after … ms',
  ]);
});

test('closing rejects what is under way', async () => {
  const other = await WeComWorker.start({ env: sim.env });
  const before = (await sim.control('transcript')).length;
  await sim.control('faults', { on: '/cgi-bin/webhook', kind: 'silent_forever' });
  const rejected = assert.rejects(other.sendChatbotText({ content: 'hi' }), {
    kind: 'execution-failed',
    tookEffect: 'unknown',
  });
  const sent = async () => (await sim.control('transcript')).length > before;
  while (!(await sent()));
  await other.close();
  await rejected;
  await assert.rejects(other.listDepartmentIds(), /closed/);
});

test('an idle worker lets the process end', { timeout: 20_000 }, async () => {
  const script = `
    import { WeComWorker } from 'wecom-connector/worker';
    const wecom = await WeComWorker.start();
    wecom.listDepartmentIds().then((it) => console.log(it.length));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: sim.env,
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  const [code] = await once(child, 'close');
  assert.deepEqual([code, output], [0, '1\n']);
});
