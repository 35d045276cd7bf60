// What JavaScript Promise Integration adds. The actions and errors themselves: actions.test.js, errors.test.js.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { AsyncWeCom } from 'wecom-connector/async';
import { simulator } from './simulator.js';

const supported = typeof WebAssembly.Suspending === 'function';

test('without JavaScript Promise Integration the error says what to use', { skip: supported && 'it is there' }, async () => {
  await assert.rejects(AsyncWeCom.load(), /needs Node 24.* use wecom-connector\/worker/);
});

describe('with JavaScript Promise Integration', { skip: !supported && 'not in this runtime' }, () => {
  let sim;
  before(async () => {
    sim = await simulator();
  });
  after(() => sim.stop());

  const slow = (times) => sim.control('faults', { on: '/cgi-bin/webhook', times, kind: { slow_body: { chunk: 1, pause_ms: 10 } } });
  const milliseconds = async (call) => {
    const start = performance.now();
    await call();
    return performance.now() - start;
  };

  test('the event loop stays free', async () => {
    const wecom = await AsyncWeCom.load({ env: sim.env });
    await slow(1);
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 10);
    assert.deepEqual(await wecom.sendChatbotMarkdown('hi'), { truncated: [], warning: undefined });
    clearInterval(ticking);
    assert.ok(ticks > 5, `${ticks} ticks`);
  });

  test('calls at the same time get instances of their own, or wait', async () => {
    const times = [];
    for (const instances of [1, 4]) {
      const wecom = await AsyncWeCom.load({ env: sim.env, instances });
      await slow(4);
      times.push(await milliseconds(() => Promise.all(Array.from({ length: 4 }, () => wecom.sendChatbotMarkdown('hi')))));
    }
    assert.ok(times[1] < times[0] / 2, `one instance: ${times[0]} ms, four: ${times[1]} ms`);
  });

  test('an instance keeps its token, and the last one used is used first', async () => {
    const wecom = await AsyncWeCom.load({ env: sim.env });
    const before = (await sim.control('transcript')).length;
    for (let i = 0; i < 3; i++) await wecom.listDepartmentIds();
    const paths = (await sim.control('transcript')).slice(before).map(({ path }) => path);
    const list = '/cgi-bin/department/simplelist';
    assert.deepEqual(paths, ['/cgi-bin/gettoken', list, list, list]);
  });

  test('a call that fails leaves the instance usable, and one that crashes is replaced', async () => {
    let crash = false;
    const env = { ...sim.env, get WECOM_AGENT_ID() { if (crash) throw new RangeError('crash'); return '1000002'; } };
    const wecom = await AsyncWeCom.load({ env, instances: 1 });
    await assert.rejects(wecom.deleteDepartment(4711), { kind: 'permanent-rejected' });
    crash = true;
    const calls = [wecom.listDepartmentIds(), wecom.listDepartmentIds()];
    for (const it of await Promise.allSettled(calls)) {
      assert.equal(it.reason?.kind, 'execution-failed');
      assert.equal(it.reason.tookEffect, 'unknown');
    }
    crash = false;
    assert.equal((await wecom.listDepartmentIds()).length, 1);
  });

  test('requests are logged without their query', async () => {
    const lines = [];
    const wecom = await AsyncWeCom.load({ env: sim.env, logger: { debug: (line) => lines.push(line) } });
    await wecom.listDepartmentIds();
    const masked = lines.map((line) => line.replace(/\d+ ms/, '… ms').replace(sim.env.WECOM_BASE_URL, 'SERVER'));
    assert.deepEqual(masked, [
      'GET SERVER/cgi-bin/gettoken: status 200 after … ms',
      'GET SERVER/cgi-bin/department/simplelist: status 200 after … ms',
    ]);
  });

  test('a redirect is not followed', async () => {
    let followed = 0;
    const server = createServer((request, response) => {
      followed += 1;
      response.end('{"errcode":0,"errmsg":"ok"}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const location = `http://127.0.0.1:${server.address().port}/`;
    await sim.control('faults', { on: '/cgi-bin/webhook', kind: { redirect: { location } } });
    const wecom = await AsyncWeCom.load({ env: sim.env });
    await assert.rejects(wecom.sendChatbotMarkdown('hi'), { kind: 'permanent-unexpected-reply' });
    assert.equal(followed, 0);
    server.close();
  });
});
