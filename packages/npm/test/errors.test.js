import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { WeCom, WeComError } from 'wecom-connector';
import { AsyncWeCom } from 'wecom-connector/async';
import { playBehavior } from './script.js';
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

// What each case carries is in packages/behavior.json; here: the texts, and that nothing else is there.
const nothing = {
  fields: [],
  code: undefined,
  hint: undefined,
  retryAfter: undefined,
  callerAddress: undefined,
  requestId: undefined,
  invalidReceivers: undefined,
  conflictingUser: undefined,
  server: undefined,
  status: undefined,
  requestSent: undefined,
};

test('situations', async () => {
  const situations = JSON.parse(readFileSync(new URL('../../behavior.json', import.meta.url)));
  for (const Entry of typeof WebAssembly.Suspending === 'function' ? [WeCom, AsyncWeCom] : [WeCom]) {
    const lines = await playBehavior((options) => Entry.load(options), sim.env, situations);
    for (const [index, { situation, error, requests }] of situations.entries()) {
      const actual = { error: { ...lines[index].error, ...error }, requests: lines[index].requests };
      assert.deepEqual(lines[index], actual, `${Entry.name}: ${situation}`);
      assert.equal(lines[index].requests, requests, `${Entry.name}: ${situation}`);
    }
  }
});

test('all broken limits are listed, by their paths in camel case', () => {
  const [message, error] = failure(() => wecom.createDepartment({ name: '', parentId: 0 }));
  const { fields } = error;
  assert.deepEqual(fields.map((it) => it.field), ['department.name', 'department.parentId']);
  assert.equal(message, `createDepartment: ${fields.map((it) => `${it.field} ${it.reason}`).join('; ')}`);
  assert.deepEqual(error, { ...nothing, kind: 'permanent-invalid-input', fields, retryable: false, tookEffect: false });
});

test('a missing credential is named', async () => {
  const [message, error] = failure(() => wecom.as('sales').sendChatbotText({ content: 'hi' }));
  assert.match(message, /^sendChatbotText: .*WECOM_SALES_CHATBOT_KEY/);
  assert.deepEqual(error, { ...nothing, kind: 'permanent-missing-credential', retryable: false, tookEffect: false });
});

test('a rejection has code and hint', () => {
  const [message, error] = failure(() => wecom.deleteDepartment(4711));
  assert.match(message, /^deleteDepartment: WeCom rejected it with 60123 \(.+\).*: .+/);
  assert.ok(error.hint.length > 10);
  const { hint, requestId, callerAddress } = error;
  const kind = 'permanent-rejected';
  assert.deepEqual(error, { ...nothing, kind, code: 60123, hint, requestId, callerAddress, retryable: false, tookEffect: false });
});

test('a failed exchange names the server', async () => {
  const { host } = new URL(sim.env.WECOM_BASE_URL);
  await sim.control('faults', { on: '/cgi-bin/department', kind: { status: { status: 502, body: 'Bad gateway' } } });
  const [message, error] = failure(() => wecom.listDepartmentIds());
  assert.match(message, new RegExp(`^listDepartmentIds: .+ \\(${host}, status 502\\)$`));
  assert.deepEqual(error, {
    ...nothing, kind: error.kind, server: host, status: 502, requestSent: true, retryable: error.retryable, tookEffect: 'unknown',
  });
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
