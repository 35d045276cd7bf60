// All actions, in the order in which an enterprise would meet them, and what the simulator knows afterwards: blocking, and
// where the runtime has it with JavaScript Promise Integration.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CLEAR, WeCom } from 'wecom-connector';
import { AsyncWeCom } from 'wecom-connector/async';
import { ACTIONS } from '../dist/contract.js';
import { simulator } from './simulator.js';

const receipt = { truncated: [], warning: undefined };
const png = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);
const text = new TextEncoder().encode('Mon 7-5');

for (const Entry of typeof WebAssembly.Suspending === 'function' ? [WeCom, AsyncWeCom] : [WeCom]) {
  describe(Entry.name, () => {
    const tested = new Set();
    let wecom, sim, file, image;

    before(async () => {
      sim = await simulator();
      const instance = await Entry.load({ env: sim.env });
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
      const department = { name: '外勤', englishName: 'Field', parentId: 1, order: 42, id: 310 };
      assert.deepEqual(await wecom.createDepartment(department), { id: 310, warning: undefined });
      assert.deepEqual(await wecom.updateDepartment(310, { name: '外勤（北）', order: null }), receipt);
      assert.deepEqual(await wecom.listDepartmentIds(310), [{ id: 310, parentId: 1, order: 42 }]);
      assert.equal((await wecom.listDepartmentIds()).length, 2);
      const { name, name_en } = await last('departments');
      assert.deepEqual([name, name_en], ['外勤（北）', 'Field']);
    });

    test('members', async () => {
      for (const [userId, mobile] of [['noor.h', '13900000001'], ['iker.z', '13900000002'], ['may.l', '13900000003']]) {
        const departments = [{ departmentId: 310, leader: true }];
        const member = { userId, name: userId, mobile, gender: 'female', departments, toInvite: false };
        assert.deepEqual(await wecom.createMember(member), { createdDepartments: [], warning: undefined });
      }
      const noor = async () => (await state()).members.find((it) => it.userid === 'noor.h');
      const changes = { position: { tag: 'set', val: '组长' }, directSuperiors: { tag: 'clear' }, enabled: true };
      assert.deepEqual(await wecom.updateMember('noor.h', changes), receipt);
      assert.equal((await noor()).position, '组长');
      await wecom.updateMember('noor.h', { position: '主管', address: 'Hut 3', directSuperiors: ['iker.z'], mobile: null });
      assert.deepEqual([(await noor()).position, (await noor()).direct_leader], ['主管', ['iker.z']]);
      await wecom.updateMember('noor.h', { position: CLEAR, directSuperiors: CLEAR });
      assert.deepEqual([(await noor()).position ?? '', (await noor()).direct_leader], ['', []]);

      const first = await wecom.listMemberIds(undefined, 3);
      const second = await wecom.listMemberIds(first.nextCursor, 3);
      assert.equal(second.nextCursor, undefined);
      const ids = [...first.members, ...second.members].map((it) => it.userId);
      assert.deepEqual(ids.sort(), ['founder', 'iker.z', 'may.l', 'noor.h']);
    });

    test('media', async () => {
      const uploaded = await wecom.uploadMedia({ kind: 'file', fileName: '值班表.txt', content: text });
      assert.equal(typeof uploaded.createdAt, 'number');
      file = uploaded.id;
      image = (await wecom.uploadMedia({ kind: 'image', fileName: 'n22.png', content: Buffer.from(png) })).id;
      const base64 = Buffer.from(png).toString('base64');
      await wecom.uploadMedia({ kind: 'image', fileName: 'n22.png', content: base64 });
      await wecom.uploadMedia({ kind: 'image', fileName: 'n22.png', content: png.buffer });
      const { content, fileName, totalBytes } = await wecom.getMedia(file);
      assert.deepEqual([fileName, content, totalBytes], ['值班表.txt', text, 7]);
      const media = (await state()).media.map(({ filename, size, type }) => [filename, size, type]);
      const n22 = ['n22.png', 8, 'image'];
      assert.deepEqual(media, [['值班表.txt', 7, 'file'], n22, n22, n22]);
    });

    test('group chats', async () => {
      const chat = { id: 'storm', name: '风暴'.repeat(30), owner: 'noor.h', members: ['noor.h', 'iker.z'] };
      const truncated = [{ field: 'groupChat.name', originalBytes: 180, keptBytes: 150 }];
      assert.deepEqual(await wecom.createGroupChat(chat), { id: 'storm', ...receipt, truncated });
      assert.deepEqual(await wecom.updateGroupChat('storm', { name: 'Storm', addMembers: ['may.l'] }), receipt);
      const { kind, members, name, warning } = await wecom.getGroupChat('storm');
      assert.deepEqual([kind, members, name, warning], [{ tag: 'ordinary' }, ['noor.h', 'iker.z', 'may.l'], 'Storm', undefined]);
    });

    test('application messages', async () => {
      const recipients = { tag: 'selected', val: { users: ['noor.h', 'Nobody'], departments: [310, 99], tags: [1] } };
      const options = { duplicateCheckInterval: 600 };
      const result = await wecom.sendAppText({ recipients, content: '换班已批准', options });
      assert.deepEqual(delivery(result), { ...reached, invalidUsers: ['nobody'], invalidDepartments: [99] });
      assert.deepEqual(JSON.parse(JSON.stringify(result)).invalidDepartments, [99]);
      assert.deepEqual((await last('messages')).delivered.sort(), ['founder', 'iker.z', 'may.l', 'noor.h']);
      assert.deepEqual(await wecom.recallAppMessage(result.messageId), receipt);
      assert.equal((await last('messages')).recalled, true);

      const sent = async (result, type, content) => {
        assert.deepEqual(delivery(await result), reached);
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
        assert.deepEqual(await result, receipt);
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
        assert.deepEqual(await result, receipt);
        const message = await last('chatbot_messages');
        assert.equal(message.msgtype, type);
        assert.deepEqual({ ...message.content, ...content }, message.content);
      };
      await sent(wecom.sendChatbotText({ content: '水泵已重启' }), 'text', { content: '水泵已重启' });
      await sent(wecom.sendChatbotMarkdown('**Pump**'), 'markdown', { content: '**Pump**' });
      const { id } = await wecom.uploadChatbotMedia({ kind: 'file', fileName: 'rota.txt', content: text });
      await sent(wecom.sendChatbotFile(id), 'file', { media_id: id });
      await sent(wecom.sendChatbotImage(png), 'image', { size: 8 });
      await sent(wecom.sendChatbotImage('iVBORw0KGgo=', 'e9dd2797018cad79186e03e8c5aec8dc'), 'image', { size: 8 });
      await sent(wecom.sendChatbotImage({ tag: 'base64', val: 'iVBORw0KGgo=' }), 'image', { size: 8 });
      await sent(wecom.sendChatbotNews([{ title: 'Report', url: 'https://ops.example/5' }]), 'news', {});
    });

    test('directory', async () => {
      assert.equal((await wecom.findMemberByMobile('13900000001')).userId, 'noor.h');
      await wecom.updateMember('noor.h', { email: 'noor@ops.example' });
      assert.equal((await wecom.findMemberByEmail('noor@ops.example', 'personal')).userId, 'noor.h');
      const { userId, name } = await wecom.getMember('noor.h');
      assert.deepEqual([userId, name], ['noor.h', 'noor.h']);
      const ids = async (query) => (await wecom.listMembers(310, query)).members.map((it) => it.userId).sort();
      for (const query of [undefined, null, {}]) assert.deepEqual(await ids(query), ['iker.z', 'may.l', 'noor.h']);
      assert.equal((await wecom.listMembers(310)).members.length, 3);
      assert.deepEqual(await ids({ detail: 'full', recursive: true }), ['iker.z', 'may.l', 'noor.h']);
      const { departments } = await wecom.listDepartments();
      assert.deepEqual(departments.map(({ id }) => id), [1, 310]);
      assert.equal((await wecom.getDepartment(310)).parentId, 1);
    });

    test('ensure', async () => {
      const department = { name: '外勤（南）', parentId: 1, id: 311 };
      assert.equal((await wecom.ensureDepartment(department)).outcome, 'created');
      assert.equal((await wecom.ensureDepartment(department)).outcome, 'unchanged');
      const member = { userId: 'ana.r', name: 'Ana', mobile: '13900000004', toInvite: false };
      assert.equal((await wecom.ensureMember(member)).outcome, 'created');
      assert.equal((await wecom.ensureMember(member)).outcome, 'updated');
      const chat = { id: 'ensured', name: 'Storm', members: ['noor.h', 'ana.r'] };
      assert.equal((await wecom.ensureGroupChat(chat)).outcome, 'created');
      assert.equal((await wecom.ensureGroupChat(chat)).outcome, 'unchanged');
      await wecom.deleteMembers(['ana.r']);
      await wecom.deleteDepartment(311);
    });

    test('files in one step', async () => {
      const file = (fileName, content) => ({ tag: 'file', val: { fileName, content } });
      const voice = file('call.amr', Buffer.from(`#!AMR\n${'x'.repeat(32)}`));
      const video = file('n22.mp4', Buffer.from(`\0\0\0\x18ftypmp42${'x'.repeat(32)}`));
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const recipients = toNoor;
      assert.deepEqual(delivery(await wecom.sendAppFile({ recipients, mediaId: file('a.bin', bytes) })), reached);
      assert.equal((await last('media')).filename, 'a.bin');
      const small = Buffer.from('Mon 7-5'); // a view of a larger ArrayBuffer
      assert.deepEqual(delivery(await wecom.sendAppFile({ recipients, mediaId: { fileName: 'b.txt', content: small } })), reached);
      const [{ filename, size }, sent] = [await last('media'), await last('messages')];
      assert.deepEqual([filename, size], ['b.txt', 7]);
      assert.deepEqual((await wecom.getMedia(sent.content.media_id)).content, text);
      const article = { title: 'Roads', thumbnail: { fileName: 'n22.png', content: 'iVBORw0KGgo=' }, content: '<p>Open.</p>' };
      assert.deepEqual(delivery(await wecom.sendAppMpnews({ recipients, articles: [article] })), reached);
      assert.deepEqual(delivery(await wecom.sendAppVoice({ recipients, mediaId: voice })), reached);
      assert.deepEqual(delivery(await wecom.sendAppVideo({ recipients, mediaId: video, title: 'N-22' })), reached);
      const link = { tag: 'url', val: 'https://ops.example/5' };
      assert.deepEqual(delivery(await wecom.sendAppNews({ recipients, articles: [{ title: 'Report', link }] })), reached);
      const groupChatId = 'storm';
      assert.deepEqual(await wecom.sendGroupVoice({ groupChatId, mediaId: voice }), receipt);
      assert.deepEqual(await wecom.sendGroupVideo({ groupChatId, mediaId: video }), receipt);
      const articles = [{ title: 'Report', url: 'https://ops.example/5' }];
      assert.deepEqual(await wecom.sendGroupNews({ groupChatId, articles }), receipt);
      assert.deepEqual(await wecom.sendChatbotVoice(voice), receipt);
      assert.match((await wecom.uploadArticleImage({ fileName: 'n22.png', content: png })).url, /^http/);

      const { id } = await wecom.uploadMedia({ kind: 'file', fileName: 'a.bin', content: bytes });
      for (const encoding of [undefined, 'base64', 'bytes']) {
        const { content, fileName } = await wecom.getMedia(id, { encoding });
        assert.deepEqual([content, fileName], [bytes, 'a.bin']);
      }
      const part = await wecom.getMedia(id, { range: { first: 16, last: 31 } });
      assert.deepEqual([part.content, part.totalBytes], [bytes.slice(16, 32), 256]);
      await assert.rejects(async () => wecom.sendAppFile({ recipients, mediaId: file('', bytes) }), (error) => {
        assert.deepEqual(error.fields.map((it) => it.field), ['message.mediaId.file.fileName']);
        return true;
      });
    });

    test('template cards', async () => {
      const callback = { tag: 'callback', val: 'yes' };
      const card = { tag: 'button-interaction', val: { title: { title: 'Approve?' }, buttons: [{ text: 'Yes', action: callback }] } };
      const { responseCode } = await wecom.sendAppTemplateCard({ recipients: toNoor, taskId: 't-1', card });
      const update = { recipients: toNoor, responseCode, change: { tag: 'button-text', val: 'Approved' } };
      assert.deepEqual((await wecom.updateTemplateCard(update)).invalidUsers, []);
      await assert.rejects(async () => wecom.updateTemplateCard(update), { code: 60140 });
      const image = { url: 'https://ops.example/n22.png', aspectRatio: 1.5 };
      const notice = { title: { title: 'N-22' }, image, action: { tag: 'url', val: 'https://ops.example' } };
      assert.deepEqual(await wecom.sendChatbotTemplateCard({ tag: 'news-notice', val: notice }), receipt);
      assert.equal((await last('chatbot_messages')).msgtype, 'template_card');
    });

    test('long texts', async () => {
      const content = Array.from({ length: 200 }, (_, it) => `Crew ${it}: road N-${it} reopened.`).join('\n\n');
      const parts = await wecom.splitText(content, 'plain', 2048, true);
      assert.equal(parts.length, 4);
      const sent = await wecom.sendAppText({ recipients: toNoor, content }, { split: true });
      assert.deepEqual(sent.map(delivery), [reached, reached, reached, reached]);
      assert.deepEqual((await state()).messages.slice(-4).map((it) => it.content.content), parts);
      assert.equal((await wecom.sendChatbotMarkdownV2(content, { split: true })).length, 2);
      assert.deepEqual(await wecom.sendChatbotMarkdownV2('# Report'), receipt);
      const busy = { errcode: { code: 45009, message: 'api freq out of limit' } };
      await sim.control('faults', { on: '/cgi-bin/webhook/send', kind: busy, skip: 1 });
      await assert.rejects(async () => wecom.sendChatbotMarkdown(content, { split: true }), (error) => {
        assert.deepEqual([error.code, error.sent], [45009, [receipt]]);
        assert.match(error.message, /^sendChatbotMarkdown, part 2 of 2: WeCom rejected it with 45009/);
        assert.ok(error.stack.startsWith(`WeComError: ${error.message}\n`), error.stack);
        return true;
      });
    });

    test('diagnosis', async () => {
      assert.match((await wecom.explainError(60020, 'english')).advice, /trusted/);
      assert.match((await wecom.explainError(60020, 'chinese')).advice, /IP/);
      const findings = [...(await wecom.checkApplication()), ...(await wecom.checkChatbot())];
      assert.deepEqual(findings.filter((it) => it.outcome === 'failed'), []);
      const credentials = { key: 'wrong', baseUrl: sim.env.WECOM_BASE_URL };
      const found = await wecom.as({ chatbot: { tag: 'credentials', val: credentials } }).checkChatbot();
      assert.ok(found.some((it) => it.outcome === 'failed'));
    });

    test('credentials', async () => {
      const { accessToken, expiresIn } = await wecom.getAccessToken('contacts');
      assert.deepEqual([expiresIn, accessToken.agentId], [7200, Number(sim.env.WECOM_AGENT_ID)]);
      const withToken = wecom.as({ application: { tag: 'token', val: accessToken } });
      assert.equal((await withToken.listDepartmentIds()).length, 2);

      const profile = Object.entries(sim.env).map(([name, value]) => [name.replace('WECOM_', 'WECOM_SALES_'), value]);
      const other = await Entry.load({ env: { ...Object.fromEntries(profile), WECOM_SECRET: undefined, PATH: '/bin' } });
      await assert.rejects(async () => other.listDepartmentIds(), { kind: 'permanent-missing-credential' });
      assert.equal((await other.as('sales').listDepartmentIds()).length, 2);
      assert.deepEqual(await other.as('sales').sendChatbotText({ content: 'hi' }), receipt);
    });

    test('the end', async () => {
      for (const userId of ['noor.h', 'iker.z', 'may.l']) assert.deepEqual(await wecom.deleteMember(userId), receipt);
      assert.deepEqual(await wecom.deleteDepartment(310), receipt);
      const { members, departments } = await state();
      assert.deepEqual([members.length, departments.length], [1, 1]);
      assert.deepEqual(Object.keys(ACTIONS).filter((it) => !tested.has(it)), [], 'actions without a test');
    });
  });
}
