// In a file of its own, as it takes half a minute: a server that accepts the request and never responds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WeComWorker } from 'wecom-connector/worker';
import { simulator } from './simulator.js';

test('silence is not taken for a connection that was not made', { timeout: 60_000 }, async () => {
  const sim = await simulator();
  const wecom = await WeComWorker.start({ env: sim.env });
  await sim.control('faults', { on: '/cgi-bin/webhook', act: true, kind: 'silent_forever' });
  await assert.rejects(wecom.sendChatbotText({ content: 'hi' }), {
    kind: 'permanent-no-reply',
    tookEffect: 'unknown',
    retryable: false,
  });
  assert.equal((await sim.control('state')).chatbot_messages.length, 1);
  await wecom.close();
  sim.stop();
});
