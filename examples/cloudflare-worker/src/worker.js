// Takes what Alertmanager posts and sends it to WeCom: to the group chat of a chatbot, or to the members in ALERTS_USERS.
import { withConnector } from './connector.js';

const PROFILE = { tag: 'profile', val: '' };

export default {
  async fetch(request, env) {
    if (request.method !== 'POST') return text(405, 'Alertmanager posts', { allow: 'POST' });
    if (!(await isAuthorized(request, env.ALERTS_TOKEN))) return text(401, 'the bearer token is missing or wrong');
    let content;
    try {
      content = render(await request.json());
    } catch {
      return text(400, 'not a notification of Alertmanager');
    }
    try {
      await withConnector(env, (wecom) => send(wecom, env.ALERTS_USERS, content));
      return text(200, 'sent');
    } catch (error) {
      return failure(error);
    }
  },
};

function send(wecom, users, content) {
  if (!users) return wecom.chatbots.sendChatbotMarkdown(PROFILE, content);
  const recipients = { tag: 'selected', val: { users: users.split('|') } };
  const options = { duplicateCheckInterval: 600 }; // seconds; makes a retry safe
  return wecom.appMessages.sendAppMarkdown(PROFILE, { recipients, content, options });
}

function render({ status, alerts, groupLabels = {} }) {
  const title = `**[${status.toUpperCase()}:${alerts.length}] ${Object.values(groupLabels).join(' ')}**`;
  const lines = alerts.map(({ status, labels, annotations = {} }) => {
    const color = status === 'firing' ? 'warning' : 'info';
    return `> <font color="${color}">${status}</font> ${plain(annotations.summary ?? labels.alertname)}`;
  });
  // As many alerts as fit into 2048 bytes, the limit of application messages.
  const size = (lines) => new TextEncoder().encode(lines.join('\n')).length;
  const message = [title];
  for (const line of lines) if (size([...message, line]) <= 2048) message.push(line);
  return message.join('\n');
}

// Without the brackets that would mention members (<@all>) or end a color.
const plain = (value) => String(value).slice(0, 200).replaceAll('<', '‹').replaceAll('>', '›').replaceAll('\n', ' ');

// Alertmanager retries after 5xx and stops after 4xx.
function failure(error) {
  const { tag, val } = error.payload ?? { tag: 'execution-failed' };
  switch (tag) {
    case 'rejected-for-now':
      return text(503, `WeCom refused for now: ${val.code}, ${val.hint}`, { 'retry-after': String(val.retryAfter ?? 10) });
    case 'unreachable':
    case 'no-reply':
      return text(503, tag, { 'retry-after': '10' });
    case 'permanent-rejected':
      return text(502, `WeCom refused: ${val.code}, ${val.hint}`);
    default:
      return text(502, tag);
  }
}

// Compares digests: they have one length, and timingSafeEqual takes the same time for all.
async function isAuthorized(request, token) {
  if (!token) return false;
  const digest = (value) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(value));
  const given = await digest(request.headers.get('authorization') ?? '');
  return crypto.subtle.timingSafeEqual(given, await digest(`Bearer ${token}`));
}

function text(status, line, headers = {}) {
  return new Response(`${line}\n`, { status, headers });
}
