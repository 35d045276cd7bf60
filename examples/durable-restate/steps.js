// The steps of an onboarding: calls of the connector, and what WeCom does with a repeat of each.
import { WeComError, WeComWorker } from 'wecom-connector/worker';

const DEPARTMENT = 310;
const DUPLICATE_CHECK = 4 * 60 * 60; // seconds, the longest that WeCom offers

let wecom;

/** Credentials come from the worker's environment, so Restate never sees them. */
export async function connect() {
  wecom = await WeComWorker.start();
}

const chatId = ({ userId }) => `welcome${userId.replaceAll(/[^0-9A-Za-z]/g, '')}`;

async function acceptExisting(creation, code, isOurs = () => true) {
  try {
    await creation;
  } catch (error) {
    if (!(error instanceof WeComError) || error.code !== code || !(await isOurs())) throw error;
  }
}

// `safeFor`: for how many milliseconds a repeat has no effect. The first three create under ids that we chose, so a repeat
// finds what an earlier try has made.
export const steps = [
  {
    name: 'department',
    safeFor: Infinity,
    run: () =>
      acceptExisting(
        wecom.createDepartment({ name: 'Field Service North', parentId: 1, id: DEPARTMENT }),
        60008, // also means that another department has this name, so check
        async () => (await wecom.listDepartmentIds()).some(({ id }) => id === DEPARTMENT),
      ),
  },
  {
    name: 'member',
    safeFor: Infinity,
    run: ({ userId, name, mobile }) =>
      acceptExisting(wecom.createMember({ userId, name, mobile, departments: [{ departmentId: DEPARTMENT }] }), 60102),
  },
  {
    name: 'chat',
    safeFor: Infinity,
    run: (person) => {
      const { userId, name } = person;
      const chat = { id: chatId(person), name: `Welcome ${name}`, owner: 'founder', members: ['founder', userId] };
      return acceptExisting(wecom.createGroupChat(chat), 86215);
    },
  },
  {
    name: 'welcome',
    safeFor: 0, // WeCom can't detect a repeat of a group message
    run: (person) => wecom.sendGroupText({ groupChatId: chatId(person), content: `Welcome, ${person.name}!` }),
  },
  {
    name: 'card',
    safeFor: (DUPLICATE_CHECK - 60) * 1000, // WeCom drops a repeat of the same card to the same member
    run: ({ userId }) =>
      wecom.sendAppTextCard({
        recipients: { tag: 'selected', val: { users: [userId] } },
        card: { title: 'Your first day', description: 'Badge, laptop, lunch at noon', url: 'https://intranet.example/' },
        options: { duplicateCheckInterval: DUPLICATE_CHECK },
      }),
  },
];
