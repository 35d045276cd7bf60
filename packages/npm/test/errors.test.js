import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { WeCom, WeComError } from 'wecom-connector';
import { simulator } from './simulator.js';

let wecom, sim, env;

before(async () => {
  sim = await simulator();
  env = { ...sim.env };
  wecom = await WeCom.load({ env });
});
after(() => sim.stop());

function failure(call) {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof WeComError, error);
    for (const secret of [sim.env.WECOM_SECRET, sim.env.WECOM_CONTACTS_SECRET, sim.env.WECOM_CHATBOT_KEY]) {
      assert.ok(!inspect(error, { showHidden: true }).includes(secret));
    }
    const { message, stack, cause, ...rest } = error;
    return [message, rest];
  }
  assert.fail('no error');
}

const nothing = { code: undefined, hint: undefined, fields: [], retryAfter: undefined };

test('all broken limits are listed', () => {
  const [message, error] = failure(() => wecom.createDepartment({ name: '', parentId: 0 }));
  const { fields } = error;
  assert.deepEqual(fields.map((it) => it.field), ['department.name', 'department.parent-id']);
  assert.equal(message, `createDepartment: ${fields.map((it) => `${it.field} ${it.reason}`).join('; ')}`);
  assert.deepEqual(error, {
    ...nothing, kind: 'permanent-invalid-input', fields, retryable: false, tookEffect: false,
  });
});

test('a missing credential is named', async () => {
  const [message, error] = failure(() => wecom.as('sales').sendChatbotText({ content: 'hi' }));
  assert.match(message, /^sendChatbotText: .*WECOM_SALES_CHATBOT_KEY/);
  assert.deepEqual(error, { ...nothing, kind: 'permanent-missing-credential', retryable: false, tookEffect: false });
});

test('a refusal has code and hint', () => {
  const [message, error] = failure(() => wecom.deleteDepartment(4711));
  assert.match(message, /^deleteDepartment: WeCom refused with 60123 \(.+\): .+/);
  assert.ok(error.hint.length > 10);
  const { hint } = error;
  assert.deepEqual(error, {
    ...nothing, kind: 'permanent-rejected', code: 60123, hint, retryable: false, tookEffect: false,
  });
});

test('a rate limit says how long to wait', () => {
  let error;
  for (let i = 0; i < 21 && !error; i++) {
    try {
      wecom.sendChatbotText({ content: `${i}` });
    } catch (thrown) {
      error = thrown;
    }
  }
  const { kind, code, retryAfter, retryable, tookEffect } = error;
  assert.deepEqual(
    { kind, code, retryAfter, retryable, tookEffect },
    { kind: 'rejected-for-now', code: 45009, retryAfter: 60, retryable: true, tookEffect: false },
  );
});

test('nobody there', () => {
  const nowhere = { tag: 'credentials', val: { key: 'KEY', baseUrl: 'http://127.0.0.1:1' } };
  const [message, error] = failure(() => wecom.as({ chatbot: nowhere }).sendChatbotText({ content: 'hi' }));
  assert.match(message, /^sendChatbotText: .*refused/);
  assert.deepEqual(error, { ...nothing, kind: 'unreachable', retryable: true, tookEffect: false });
});

for (const fault of ['reset_before_reply', { cut_body: { after: 12 } }, { status: { status: 502, body: '<html>' } }]) {
  test(`no answer: ${JSON.stringify(fault)}`, async () => {
    await sim.control('faults', [
      { on: '/cgi-bin/webhook', kind: fault },
      { on: '/cgi-bin/department/simplelist', kind: fault },
    ]);
    const [, once] = failure(() => wecom.sendChatbotText({ content: 'hi' }));
    assert.deepEqual(once, { ...nothing, kind: 'permanent-no-reply', retryable: false, tookEffect: 'unknown' });
    const [, again] = failure(() => wecom.listDepartmentIds());
    assert.deepEqual(again, { ...nothing, kind: 'no-reply', retryable: true, tookEffect: 'unknown' });
  });
}

test('an answer that is none', async () => {
  await sim.control('faults', { on: '/cgi-bin/webhook', kind: { body: [255, 0] } });
  const [, error] = failure(() => wecom.sendChatbotText({ content: 'hi' }));
  assert.deepEqual(error, { ...nothing, kind: 'permanent-unexpected-reply', retryable: false, tookEffect: 'unknown' });
});

test('an argument of another type is a TypeError, and nothing is sent', async () => {
  const before = (await sim.control('transcript')).length;
  assert.throws(() => wecom.sendChatbotText({ content: 7 }), { name: 'TypeError', message: /^sendChatbotText: / });
  assert.throws(() => wecom.deleteDepartment(-1), { name: 'TypeError', message: /^deleteDepartment: / });
  assert.throws(() => wecom.deleteDepartment('310'), { name: 'TypeError' });
  assert.equal((await sim.control('transcript')).length, before);
});

test('after a crash the next call gets a fresh instance', () => {
  let crash = true;
  const unstable = { get WECOM_CORP_ID() { if (crash) throw new RangeError('crash'); return sim.env.WECOM_CORP_ID; } };
  Object.defineProperties(env, Object.getOwnPropertyDescriptors(unstable));
  const [message, error] = failure(() => wecom.listDepartmentIds());
  assert.equal(message, 'listDepartmentIds: the connector failed; whether the call took effect is unknown');
  assert.deepEqual(error, { ...nothing, kind: 'execution-failed', retryable: false, tookEffect: 'unknown' });
  crash = false;
  assert.equal(wecom.listDepartmentIds().length, 1);
});
