// Mistakes that plain JavaScript lets pass: each is a TypeError that names the field, before anything is sent.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WeCom } from 'wecom-connector';
import { AsyncWeCom } from 'wecom-connector/async';
import { WeComWorker } from 'wecom-connector/worker';
import { simulator } from './simulator.js';

let wecom, worker, promised, sim;

before(async () => {
  sim = await simulator();
  wecom = await WeCom.load({ env: sim.env });
  worker = await WeComWorker.start({ env: sim.env });
  if (typeof WebAssembly.Suspending === 'function') promised = await AsyncWeCom.load({ env: sim.env });
});
after(async () => {
  await worker.close();
  sim.stop();
});

const recipients = { tag: 'everyone' };
const media = { kind: 'file', fileName: 'a.txt' };

const mistakes = [
  ['a string for a list', (it) => it.sendChatbotText({ content: '1', mentionedUsers: 'founder' }), 'sendChatbotText: message.mentionedUsers must be an array, not a string'],
  ['a string for a boolean', (it) => it.sendChatbotText({ content: '3', mentionEveryone: 'false' }), 'sendChatbotText: message.mentionEveryone must be true or false, not a string'],
  ['a misspelled field', (it) => it.sendChatbotText({ content: '2', mentionEveryon: true }), 'sendChatbotText: message.mentionEveryon is unknown; known are content, mentionedUsers, mentionedMobiles, mentionEveryone'],
  ['a misspelled option', (it) => it.sendAppText({ recipients, content: 'x', confidentialty: 'confidential' }), /^sendAppText: message\.confidentialty is unknown/],
  ['a misspelled field of a record inside', (it) => it.sendAppText({ recipients, content: 'x', options: { duplicateCheckIntervall: 600 } }), /^sendAppText: message\.options\.duplicateCheckIntervall is unknown/],
  ['a misspelled toInvite', (it) => it.createMember({ userId: 'a', name: 'a', toInvit: false }), /^createMember: member\.toInvit is unknown/],
  ['a string for toInvite', (it) => it.createMember({ userId: 'a', name: 'a', toInvite: 'false' }), 'createMember: member.toInvite must be true or false, not a string'],
  ['a lone surrogate', (it) => it.sendChatbotText({ content: '5\ud800' }), 'sendChatbotText: message.content must be well-formed: it holds a lone surrogate'],
  ['no argument', (it) => it.sendChatbotText(), 'sendChatbotText: message must be an object, not undefined'],
  ['too many arguments', (it) => it.deleteDepartment(1, 2), 'deleteDepartment: takes 1 arguments, not 2'],
  ['a number for a text', (it) => it.sendChatbotText({ content: 7 }), 'sendChatbotText: message.content must be a string, not a number'],
  ['a negative id', (it) => it.createDepartment({ name: 'x', parentId: -1 }), 'createDepartment: department.parentId must be an integer from 0 to 4294967295'],
  ['a string for an id', (it) => it.deleteDepartment('310'), 'deleteDepartment: departmentId must be an integer from 0 to 4294967295, not a string'],
  ['a fraction', (it) => it.deleteDepartment(1.5), 'deleteDepartment: departmentId must be an integer from 0 to 4294967295'],
  ['an id too large', (it) => it.deleteDepartment(2 ** 32), 'deleteDepartment: departmentId must be an integer from 0 to 4294967295'],
  ['an element of a list', (it) => it.sendAppText({ recipients: { tag: 'selected', val: { users: ['a', 5] } }, content: 'x' }), 'sendAppText: message.recipients.selected.users[1] must be a string, not a number'],
  ['no such case', (it) => it.sendAppText({ recipients: { tag: 'all' }, content: 'x' }), "sendAppText: message.recipients.tag must be one of 'everyone', 'selected', not a string"],
  ['a string for a variant', (it) => it.sendAppText({ recipients: '@all', content: 'x' }), "sendAppText: message.recipients must be an object { tag, val } with tag 'everyone', 'selected', not a string"],
  ['a value where the case has none', (it) => it.sendAppText({ recipients: { tag: 'everyone', val: 1 }, content: 'x' }), 'sendAppText: message.recipients.val is unknown; known are tag'],
  ['no such name', (it) => it.uploadMedia({ ...media, kind: 'pdf', content: new Uint8Array(9) }), /^uploadMedia: media\.kind must be one of 'image', /],
  ['numbers for bytes', (it) => it.uploadMedia({ ...media, content: [1, 2, 3] }), /^uploadMedia: media\.content must be a Uint8Array, or a string, or an object/],
  ['a string for a list or clear', (it) => it.updateMember('a', { directSuperiors: 'b' }), /^updateMember: changes\.directSuperiors must be an array, or an object/],
  ['a number for a file', (it) => it.sendChatbotFile(5), "sendChatbotFile: mediaId must be a string, or an object { fileName, content }, or an object { tag, val } with tag 'id', 'file', not a number"],
  ['bytes for a file with a name', (it) => it.sendChatbotFile(new Uint8Array(9)), /^sendChatbotFile: mediaId must be a string, or an object { fileName, content }, .*, not bytes$/],
  ['a file without a name', (it) => it.sendChatbotFile({ content: new Uint8Array(9) }), 'sendChatbotFile: mediaId.fileName must be a string, not undefined'],
  ['a misspelled name of a file', (it) => it.sendChatbotFile({ filename: 'a.txt', content: new Uint8Array(9) }), 'sendChatbotFile: mediaId.filename is unknown; known are fileName, content'],
  ['nothing for an id before options', (it) => it.getMedia(), 'getMedia: mediaId must be a string, not undefined'],
  ['a misspelled split', (it) => it.sendChatbotMarkdown('x', { spilt: true }), 'sendChatbotMarkdown: options.spilt is unknown; known are split'],
  ['another option beside split', (it) => it.sendChatbotMarkdown('x', { split: true, profile: '' }), 'sendChatbotMarkdown: options.profile is unknown; known are split'],
  ['a string for split', (it) => it.sendChatbotMarkdown('x', { split: 'yes' }), 'sendChatbotMarkdown: options.split must be true or false, not a string'],
  ['a symbol', (it) => it.deleteDepartment(Symbol('x')), /departmentId must be an integer/],
  ['a function', (it) => it.deleteDepartment(() => {}), /departmentId must be an integer .* not a function$/],
  ['as(5)', (it) => it.as(5).sendChatbotMarkdown('x'), "as: credentials must be a profile's name or an object { application, chatbot }, not a number"],
  ['as(undefined)', (it) => it.as(undefined).sendChatbotMarkdown('x'), /^as: credentials must be a profile's name or an object .* not undefined$/],
  ['as(list)', (it) => it.as(['sales']).sendChatbotMarkdown('x'), 'as: credentials must be an object, not an array'],
  ['as({}) names nothing', (it) => it.as({}).sendChatbotMarkdown('x'), 'as: credentials must name an application or a chatbot'],
  ['as() with a typo', (it) => it.as({ chatbo: { tag: 'profile', val: 'x' } }).sendChatbotMarkdown('x'), 'as: credentials.chatbo is unknown; known are application, chatbot'],
  ['as() with a typo inside', (it) => it.as({ chatbot: { tag: 'credentials', val: { keys: 'x' } } }).sendChatbotMarkdown('x'), 'as: credentials.chatbot.credentials.keys is unknown; known are key, baseUrl'],
];

for (const [name, call, message] of mistakes) {
  test(name, async () => {
    const before = (await sim.control('transcript')).length;
    assert.throws(() => call(wecom), { name: 'TypeError', message });
    for (const it of [worker, promised]) if (it) await assert.rejects(async () => call(it), { name: 'TypeError', message });
    assert.equal((await sim.control('transcript')).length, before);
  });
}

test('options of load', async () => {
  await assert.rejects(WeCom.load({ envs: {} }), { name: 'TypeError', message: 'WeCom.load.envs is unknown; known are env, logger' });
  await assert.rejects(WeCom.load({ env: { WECOM_SECRET: 5 } }), { name: 'TypeError', message: 'WeCom.load.env.WECOM_SECRET must be a string, not a number' });
  await assert.rejects(WeComWorker.start({ logger: () => {} }), { name: 'TypeError', message: /^WeComWorker\.start\.logger must be an object with a method debug/ });
  if (promised) await assert.rejects(AsyncWeCom.load({ instances: 0 }), { name: 'TypeError', message: /instances must be an integer from 1/ });
});
