// Onboards new members, durably, with Restate: department, member, group chat, welcome text, card.
import { randomUUID } from 'node:crypto';
import * as restate from '@restatedev/restate-sdk';
import { WeComError } from 'wecom-connector/worker';
import { connect, steps } from './steps.js';

const USAGE = `onboarding.js worker                          runs onboardings until it is stopped; start it again after a crash
onboarding.js register                        registers the worker with Restate's server, once
onboarding.js start USER-ID NAME MOBILE       starts one; a second start of the same user id changes nothing
onboarding.js status USER-ID                  running, done, "waiting: …" for a person, or "failed: …"
onboarding.js settle USER-ID arrived|again    what a person found out about the step that is waiting`;

const { INGRESS = 'http://127.0.0.1:8080', ADMIN = 'http://127.0.0.1:9070', WORKER_PORT = '9080' } = process.env;
const MAX_PAUSE = 300; // seconds

const onboarding = restate.workflow({
  name: 'onboarding',
  handlers: {
    run: async (ctx, person) => {
      const attempt = randomUUID(); // a new one each time Restate runs this again: after a crash, an error, a long wait
      for (const step of steps) await complete(ctx, attempt, step, person);
    },
    waiting: restate.handlers.workflow.shared((ctx) => ctx.get('waiting')),
    settle: restate.handlers.workflow.shared(async (ctx, answer) => {
      const waiting = await ctx.get('waiting');
      if (!waiting) throw new restate.TerminalError('it is not waiting', { errorCode: 409 });
      await ctx.promise(waiting).resolve(answer);
    }),
  },
  options: {
    inactivityTimeout: { minutes: 3 }, // longer than any call of the connector takes
    retryPolicy: { initialInterval: { seconds: 1 }, exponentiationFactor: 2, maxInterval: { seconds: MAX_PAUSE } },
  },
});

/** Lets Restate retry what is retryable, asks a person where the outcome is unknown, and ends the workflow on the rest. */
async function complete(ctx, attempt, step, person) {
  for (let pause = 1, round = 1; ; round++) {
    const begun = await ctx.run(`begin ${step.name}`, () => ({ attempt, at: Date.now() }));
    const outcome = await ctx.run(step.name, async () => {
      if (begun.attempt !== attempt && Date.now() > begun.at + step.safeFor) {
        return { question: 'an earlier attempt was interrupted during this step' };
      }
      try {
        await step.run(person);
        return {};
      } catch (error) {
        return toRestateError(error, step);
      }
    });
    if (outcome.retryAfter !== undefined) {
      await ctx.sleep({ seconds: outcome.retryAfter ?? pause });
      pause = Math.min(2 * pause, MAX_PAUSE);
    } else if (outcome.question) {
      const waiting = `${step.name}: ${outcome.question} (${round})`; // also the name of the promise, which is kept once
      ctx.set('waiting', waiting);
      const answer = await ctx.promise(waiting);
      ctx.clear('waiting');
      if (answer === 'arrived') return;
    } else return;
  }
}

function toRestateError(error, step) {
  if (!(error instanceof WeComError)) throw new restate.TerminalError(error.message); // an argument of the wrong type
  const { message, kind, retryable, retryAfter, tookEffect } = error;
  if (retryable || (step.safeFor === Infinity && kind === 'permanent-no-reply')) {
    // An error would make Restate run the workflow again as another attempt, so where only one is allowed, wait instead.
    if (!step.safeFor) return { retryAfter: retryAfter ?? null };
    throw new restate.RetryableError(message, { retryAfter: retryAfter && { seconds: retryAfter } });
  }
  if (tookEffect === false) throw new restate.TerminalError(message);
  return { question: message };
}

// The command.

async function ask(url, body) {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, ok: response.ok, value: text && JSON.parse(text) };
}

async function status(userId) {
  const { ok, status, value } = await ask(`${INGRESS}/restate/workflow/onboarding/${userId}/output`);
  if (ok) return 'done';
  if (status !== 470) return `failed: ${value.message}`; // 470: no output yet
  const waiting = await ask(`${INGRESS}/onboarding/${userId}/waiting`, null);
  return waiting.value ? `waiting: ${waiting.value}` : 'running';
}

async function accepted(response) {
  const { ok, value } = await response;
  if (!ok) throw new Error(value.message);
}

const [command, userId, ...rest] = process.argv.slice(2);
if (command === 'worker') {
  await connect();
  await restate.serve({ services: [onboarding], port: Number(WORKER_PORT) });
} else if (command === 'register') {
  await accepted(ask(`${ADMIN}/deployments`, { uri: `http://127.0.0.1:${WORKER_PORT}` }));
} else if (command === 'start' && rest.length === 2) {
  const [name, mobile] = rest;
  await accepted(ask(`${INGRESS}/onboarding/${userId}/run/send`, { userId, name, mobile }));
} else if (command === 'status' && userId) {
  console.log(await status(userId));
} else if (command === 'settle' && ['arrived', 'again'].includes(rest[0])) {
  await accepted(ask(`${INGRESS}/onboarding/${userId}/settle`, rest[0]));
} else {
  console.error(USAGE);
  process.exitCode = 2;
}
