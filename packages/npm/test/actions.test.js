// All actions, in the order in which an enterprise would meet them, and what the simulator knows afterwards.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WeCom } from 'wecom-connector';
import { CREDENTIALS } from '../dist/contract.js';
import { simulator } from './simulator.js';

const receipt = { truncated: [], warning: undefined };
const png = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);
const text = new TextEncoder().encode('Mon 7-5');
const tested = new Set();
let wecom, sim, file, image;

before(async () => {
  sim = await simulator();
  const instance = await WeCom.load({ env: sim.env });
  wecom = new Proxy(instance, {
    get(target, name) {
      tested.add(name);
      return target[name].bind(target);
    },
  });
});
after(() => sim.stop());

const state = () => sim.control('state');
const last = async (list) => (await state())[list].at(-1);
const toNoor = { tag: 'selected', val: { users: ['noor.h'] } };
const delivery = ({ messageId, ...rest }) => {
  assert.match(messageId, /./);
  return rest;
};
const reached = {
  invalidUsers: [],
  invalidDepartments: [],
  invalidTags: [],
  unlicensedUsers: [],
  truncated: [],
  warning: undefined,
};

test('departments', async () => {
  assert.deepEqual(wecom.createDepartment({ name: '外勤', englishName: 'Field', parentId: 1, order: 42, id: 310 }), {
    id: 310,
    warning: undefined,
  });
  assert.deepEqual(wecom.updateDepartment(310, { name: '外勤（北）' }), receipt);
  assert.deepEqual(wecom.listDepartmentIds(310), [{ id: 310, parentId: 1, order: 42 }]);
  assert.equal(wecom.listDepartmentIds().length, 2);
  const { name, name_en } = await last('departments');
  assert.deepEqual([name, name_en], ['外勤（北）', 'Field']);
});

test('members', async () => {
  for (const [userId, mobile] of [['noor.h', '13900000001'], ['iker.z', '13900000002'], ['may.l', '13900000003']]) {
    const member = { userId, name: userId, mobile, gender: 'female', departments: [{ departmentId: 310, leader: true }] };
    assert.deepEqual(wecom.createMember({ ...member, toInvite: false }), { createdDepartments: [], warning: undefined });
  }
  const changes = { position: { tag: 'set', val: '组长' }, directSuperiors: { tag: 'clear' }, enabled: true };
  assert.deepEqual(wecom.updateMember('noor.h', changes), receipt);
  const first = wecom.listMemberIds(undefined, 3);
  const second = wecom.listMemberIds(first.nextCursor, 3);
  assert.equal(second.nextCursor, undefined);
  const ids = [...first.members, ...second.members].map((it) => it.userId);
  assert.deepEqual(ids.sort(), ['founder', 'iker.z', 'may.l', 'noor.h']);
  const noor = (await state()).members.find((it) => it.userid === 'noor.h');
  assert.equal(noor.position, '组长');
});

test('media', async () => {
  const uploaded = wecom.uploadMedia({ kind: 'file', fileName: '值班表.txt', content: text });
  assert.equal(typeof uploaded.createdAt, 'number');
  file = uploaded.id;
  image = wecom.uploadMedia({ kind: 'image', fileName: 'n22.png', content: Buffer.from(png) }).id;
  const { filename, size, type } = (await state()).media[0];
  assert.deepEqual({ filename, size, type }, { filename: '值班表.txt', size: 7, type: 'file' });
});

test('group chats', async () => {
  const chat = { id: 'storm', name: 'Storm', owner: 'noor.h', members: ['noor.h', 'iker.z'] };
  assert.deepEqual(wecom.createGroupChat(chat), { id: 'storm', ...receipt });
  assert.deepEqual(wecom.updateGroupChat('storm', { addMembers: ['may.l'] }), receipt);
  const members = ['noor.h', 'iker.z', 'may.l'];
  assert.deepEqual(wecom.getGroupChat('storm'), { ...chat, members, kind: { tag: 'ordinary' } });
});

test('application messages', async () => {
  const recipients = { tag: 'selected', val: { users: ['noor.h', 'Nobody'], departments: [310, 99], tags: [1] } };
  const options = { duplicateCheckInterval: 600 };
  const result = wecom.sendAppText({ recipients, content: '换班已批准', options });
  assert.deepEqual(delivery(result), { ...reached, invalidUsers: ['nobody'], invalidDepartments: [99] });
  assert.deepEqual(JSON.parse(JSON.stringify(result)).invalidDepartments, [99]);
  assert.deepEqual((await last('messages')).delivered.sort(), ['founder', 'iker.z', 'may.l', 'noor.h']);
  assert.deepEqual(wecom.recallAppMessage(result.messageId), receipt);
  assert.equal((await last('messages')).recalled, true);

  const sent = async (result, type, content) => {
    assert.deepEqual(delivery(result), reached);
    const message = await last('messages');
    assert.equal(message.msgtype, type);
    assert.deepEqual({ ...message.content, ...content }, message.content);
    return message;
  };
  await sent(wecom.sendAppMarkdown({ recipients: toNoor, content: '**T3**' }), 'markdown', { content: '**T3**' });
  const secret = wecom.sendAppFile({ recipients: toNoor, mediaId: file, confidentiality: 'confidential' });
  assert.equal((await sent(secret, 'file', { media_id: file })).safe, 1);
  await sent(wecom.sendAppImage({ recipients: toNoor, mediaId: image }), 'image', { media_id: image });
  const articles = [{ title: 'Digest', thumbnail: image, content: '<p>Normal.</p>' }];
  await sent(wecom.sendAppMpnews({ recipients: toNoor, articles }), 'mpnews', {});
  const card = { title: 'Outage', description: 'T3', url: 'https://ops.example/o' };
  await sent(wecom.sendAppTextCard({ recipients: { tag: 'everyone' }, card }), 'textcard', { title: 'Outage' });
});

test('group messages', async () => {
  const groupChatId = 'storm';
  const sent = async (result, type, content) => {
    assert.deepEqual(result, receipt);
    const message = await last('group_messages');
    assert.equal(message.msgtype, type);
    assert.deepEqual({ ...message.content, ...content }, message.content);
  };
  const note = { groupChatId, content: 'N-22 通车', mentionedUsers: ['noor.h'], mentionEveryone: true };
  await sent(wecom.sendGroupText(note), 'text', { content: 'N-22 通车', mentioned_list: ['noor.h', '@all'] });
  await sent(wecom.sendGroupMarkdown({ groupChatId, content: '**N**' }), 'markdown', { content: '**N**' });
  await sent(wecom.sendGroupFile({ groupChatId, mediaId: file }), 'file', { media_id: file });
  await sent(wecom.sendGroupImage({ groupChatId, mediaId: image }), 'image', { media_id: image });
  const articles = [{ title: 'Roads', thumbnail: image, content: '<p>Open.</p>' }];
  await sent(wecom.sendGroupMpnews({ groupChatId, articles }), 'mpnews', {});
  const card = { title: 'Roads', description: 'Open', url: 'https://ops.example/r' };
  await sent(wecom.sendGroupTextCard({ groupChatId, card }), 'textcard', { title: 'Roads' });
});

test('chatbots', async () => {
  const sent = async (result, type, content) => {
    assert.deepEqual(result, receipt);
    const message = await last('chatbot_messages');
    assert.equal(message.msgtype, type);
    assert.deepEqual({ ...message.content, ...content }, message.content);
  };
  await sent(wecom.sendChatbotText({ content: '水泵已重启' }), 'text', { content: '水泵已重启' });
  await sent(wecom.sendChatbotMarkdown('**Pump**'), 'markdown', { content: '**Pump**' });
  const { id } = wecom.uploadChatbotMedia({ kind: 'file', fileName: 'rota.txt', content: text });
  await sent(wecom.sendChatbotFile(id), 'file', { media_id: id });
  await sent(wecom.sendChatbotImage({ tag: 'bytes', val: png }), 'image', { size: 8 });
  await sent(wecom.sendChatbotImage({ tag: 'base64', val: { data: 'iVBORw0KGgo=' } }), 'image', { size: 8 });
  await sent(wecom.sendChatbotNews([{ title: 'Report', url: 'https://ops.example/5' }]), 'news', {});
});

test('credentials', async () => {
  const { accessToken, expiresIn } = wecom.getAccessToken('contacts');
  assert.equal(expiresIn, 7200);
  const withToken = wecom.as({ application: { tag: 'token', val: accessToken } });
  assert.equal(withToken.listDepartmentIds().length, 2);

  const profile = Object.entries(sim.env).map(([name, value]) => [name.replace('WECOM_', 'WECOM_SALES_'), value]);
  const other = await WeCom.load({ env: { ...Object.fromEntries(profile), WECOM_SECRET: undefined, PATH: '/bin' } });
  assert.throws(() => other.listDepartmentIds(), { kind: 'permanent-missing-credential' });
  assert.equal(other.as('sales').listDepartmentIds().length, 2);
  assert.deepEqual(other.as('sales').sendChatbotText({ content: 'hi' }), receipt);
});

test('the end', async () => {
  for (const userId of ['noor.h', 'iker.z', 'may.l']) assert.deepEqual(wecom.deleteMember(userId), receipt);
  assert.deepEqual(wecom.deleteDepartment(310), receipt);
  const { members, departments } = await state();
  assert.deepEqual([members.length, departments.length], [1, 1]);
  assert.deepEqual(Object.keys(CREDENTIALS).filter((it) => !tested.has(it)), [], 'actions without a test');
  assert.equal(Object.keys(CREDENTIALS).length, 32);
});
