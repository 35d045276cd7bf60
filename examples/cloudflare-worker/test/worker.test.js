// The built Worker under workerd, against the simulator.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import workerd from 'workerd';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const simulatorProgram = process.env.WECOM_SIMULATOR ?? here('../../../target/debug/wecom-simulator');
const notification = await readFile(here('../../edge-alerts/tests/alertmanager.json'), 'utf8');

let simulator;
let wecom;

before(async () => {
  simulator = spawn(simulatorProgram, ['--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of simulator.stdout) {
    output += chunk;
    if (/^WECOM_CHATBOT_KEY=.+$/m.test(output)) break;
  }
  wecom = Object.fromEntries(output.trim().split('\n').map((line) => line.split(/=(.*)/s, 2)));
});

after(() => simulator.kill());

const control = async (method, path, body) =>
  (await fetch(`${wecom.WECOM_BASE_URL}/_simulator/${path}`, { method, body: body && JSON.stringify(body) })).json();

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

// Starts workerd with the built Worker, and ends it when the test does.
async function start(context, env) {
  const port = await freePort();
  const server = spawn(workerd.default, ['serve', here('../config.capnp'), `--socket-addr=http=127.0.0.1:${port}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  });
  context.after(() => server.kill());
  const post = (body = notification, token = 'change-me') =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers: { authorization: `Bearer ${token}` } });
  for (let tries = 0; ; tries += 1) {
    try {
      if ((await post('', '')).status === 401) return post;
    } catch (error) {
      if (tries === 200 || server.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test('a chatbot sends the alert to its group chat', async (context) => {
  const { WECOM_CHATBOT_KEY, WECOM_BASE_URL } = wecom;
  const post = await start(context, { ALERTS_TOKEN: 'change-me', WECOM_CHATBOT_KEY, WECOM_BASE_URL });
  const response = await post();
  assert.equal(await response.text(), 'sent\n');
  const [message] = (await control('GET', 'state')).chatbot_messages;
  assert.match(message.content.content, /^\*\*\[FIRING:3\] TransformerOverTemperature north\*\*\n.*变压器 T3 油温 98.2 °C/);
});

test('the status says what went wrong', async (context) => {
  const { WECOM_CHATBOT_KEY, WECOM_BASE_URL } = wecom;
  const post = await start(context, { ALERTS_TOKEN: 'change-me', WECOM_CHATBOT_KEY, WECOM_BASE_URL });
  assert.equal((await post(notification, 'another')).status, 401);
  assert.equal((await post('{}')).status, 400);

  await control('POST', 'faults', { kind: { errcode: { code: 45009, message: 'api freq out of limit' } } });
  const busy = await post();
  assert.deepEqual([busy.status, busy.headers.get('retry-after')], [503, '60']);
  await control('POST', 'faults', { kind: { errcode: { code: 93000, message: 'invalid webhook url' } } });
  const refused = await post();
  assert.equal(refused.status, 502);
  assert.match(await refused.text(), /^WeCom refused: 93000, /);
  assert.equal(await (await post()).text(), 'sent\n');
});

test('workerd does not end a call of 20 seconds', async (context) => {
  const { WECOM_CHATBOT_KEY, WECOM_BASE_URL } = wecom;
  const post = await start(context, { ALERTS_TOKEN: 'change-me', WECOM_CHATBOT_KEY, WECOM_BASE_URL });
  await control('POST', 'faults', { kind: { slow_body: { chunk: 4096, pause_ms: 20_000 } } });
  assert.equal(await (await post()).text(), 'sent\n');
});

test('an isolate keeps its instances, and they their tokens', async (context) => {
  const { WECOM_CORP_ID, WECOM_SECRET, WECOM_AGENT_ID, WECOM_BASE_URL } = wecom;
  const application = { WECOM_CORP_ID, WECOM_SECRET, WECOM_AGENT_ID, WECOM_BASE_URL };
  const post = await start(context, { ALERTS_TOKEN: 'change-me', ALERTS_USERS: 'founder', ...application });
  const fetched = async (posts) => {
    await control('DELETE', 'transcript');
    for (const response of await posts()) assert.equal(await response.text(), 'sent\n');
    return (await control('GET', 'transcript')).filter(({ path }) => path === '/cgi-bin/gettoken').length;
  };

  const inTurn = await fetched(async () => {
    const responses = [];
    for (let count = 0; count < 5; count += 1) responses.push(await post());
    return responses;
  });
  const atOnce = await fetched(() => Promise.all(Array.from({ length: 5 }, () => post())));
  console.log(`requests to gettoken: ${inTurn} for 5 alerts in turn, ${atOnce} for 5 more at once`);
  assert.equal(inTurn, 1);
  assert.ok(atOnce <= 4, 'one of the five has an instance with a token');
});
