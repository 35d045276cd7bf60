// Compiled, never run: `tsc` proves the types.
import { CLEAR, WeCom, WeComError, type Delivery, type NewMember, type Receipt } from 'wecom-connector';
import { AsyncWeCom } from 'wecom-connector/async';
import { WeComWorker } from 'wecom-connector/worker';

const wecom = await WeCom.load({ env: process.env, logger: console });

const receipt: Receipt = wecom.sendChatbotText({ content: 'Pump 2 restarted', mentionEveryone: true });
const warning: string | undefined = receipt.warning;
wecom.as('sales').sendChatbotMarkdown('**Pump 2** is back');

const member: NewMember = { userId: 'noor.h', name: 'Noor', gender: 'female', mobile: undefined, email: null };
wecom.createMember(member);
wecom.updateMember('noor.h', { position: { tag: 'set', val: 'Shift lead' }, directSuperiors: { tag: 'clear' } });
wecom.updateMember('noor.h', { position: 'Shift lead', directSuperiors: ['kai.p'], address: CLEAR, alias: null });
wecom.listDepartmentIds();
wecom.listDepartmentIds(null);
const { nextCursor } = wecom.listMemberIds(undefined, 100);
wecom.listMemberIds(nextCursor);

const delivery: Delivery = wecom
  .as({ application: { tag: 'token', val: { token: 'TOKEN', agentId: 1000002 } } })
  .sendAppText({ recipients: { tag: 'selected', val: { users: ['noor.h'], departments: [310] } }, content: 'Approved.' });
const unreached: (string | number)[] = [...delivery.invalidUsers, ...delivery.invalidDepartments];
const content = new TextEncoder().encode('Mon 7-5');
const uploadedAt: number | undefined = wecom.uploadMedia({ kind: 'file', fileName: 'rota.txt', content }).createdAt;
wecom.uploadMedia({ kind: 'file', fileName: 'rota.txt', content: 'TW9uIDctNQ==' });
wecom.uploadMedia({ kind: 'file', fileName: 'rota.txt', content: { tag: 'base64', val: 'TW9uIDctNQ==' } });
wecom.sendChatbotImage(content);
wecom.sendChatbotImage('iVBORw0KGgo=', 'e9dd2797018cad79186e03e8c5aec8dc');
const issued = wecom.getAccessToken('application');
wecom.as({ application: { tag: 'token', val: issued.accessToken } });
const everyone = { tag: 'everyone' } as const;
wecom.sendAppFile({ recipients: everyone, mediaId: 'MEDIA-ID' });
wecom.sendAppFile({ recipients: everyone, mediaId: { tag: 'file', val: { fileName: 'rota.txt', content } } });
const parts: Delivery[] = wecom.sendAppText({ recipients: everyone, content: 'A long text.' }, { split: true });
const texts: string[] = wecom.splitText('A long text.', 'plain', 64, true);
const bytes: Uint8Array = wecom.getMedia('MEDIA-ID').content;
wecom.getMedia('MEDIA-ID', { range: { first: 0, last: 15 }, encoding: null });
wecom.listMembers(310);
wecom.listMembers(310, null);
wecom.listMembers(310, { recursive: true });
wecom.sendAppFile({ recipients: everyone, mediaId: { fileName: 'rota.txt', content } });
wecom.sendAppFile({ recipients: everyone, mediaId: { fileName: 'rota.txt', content: Buffer.from('Mon 7-5') } });
wecom.sendAppMpnews({ recipients: everyone, articles: [{ title: 'Roads', thumbnail: { fileName: 'n22.png', content }, content: '<p>' }] });
wecom.sendChatbotFile({ tag: 'id', val: 'MEDIA-ID' });
wecom.sendChatbotVoice('MEDIA-ID');
wecom.sendChatbotMarkdown('hi', { split: false });
wecom.sendAppText({ recipients: everyone, content: 'hi' }, undefined);
const maybe: boolean = Math.random() < 0.5;
const oneOrMore: Receipt | Receipt[] = wecom.sendChatbotMarkdown('hi', { split: maybe });

try {
  wecom.deleteDepartment(310);
} catch (error) {
  if (!(error instanceof WeComError)) throw error;
  const wait: number = error.retryable ? (error.retryAfter ?? 1) : 0;
  if (error.kind === 'permanent-rejected') console.error(error.code, error.hint, error.fields[0]?.field, wait);
  const effect: false | 'unknown' = error.tookEffect;
  const users: readonly string[] = error.invalidReceivers?.users ?? [];
}

const worker = await WeComWorker.start();
const later: Promise<Receipt> = worker.as('sales').sendChatbotText({ content: 'hi' });
await worker.close();
const promised: Receipt = await (await AsyncWeCom.load({ env: {}, instances: 2 })).sendChatbotText({ content: 'hi' });
const accepted: Receipt[] = await worker.sendChatbotMarkdown('A long text.', { split: true });

// @ts-expect-error: what changes must be there
wecom.updateMember('noor.h');
// @ts-expect-error: no such option
wecom.listMembers(310, { recursively: true });
// @ts-expect-error: a file has a name
wecom.sendChatbotFile({ content });
// @ts-expect-error: the bytes are no message
wecom.sendChatbotFile(content);
// @ts-expect-error: no such option
wecom.sendChatbotMarkdown('hi', { spilt: true });
// @ts-expect-error: only texts are split
wecom.deleteDepartment(310, { split: true });
// @ts-expect-error: no such field
wecom.sendChatbotText({ content: 'hi', mention: true });
// @ts-expect-error: another kind of value
wecom.deleteDepartment('310');
// @ts-expect-error: no such case
wecom.updateMember('noor.h', { position: { tag: 'unset' } });
// @ts-expect-error: a text is not a list
wecom.updateMember('noor.h', { directSuperiors: 'kai.p' });
// @ts-expect-error: credentials are chosen with `as`
wecom.sendChatbotText({ tag: 'profile', val: '' }, { content: 'hi' });
// @ts-expect-error: the message must be there
wecom.sendChatbotText();
// @ts-expect-error: the thread has not responded yet
const early: Receipt = later;
// @ts-expect-error: no such kind
const kind: WeComError['kind'] = 'rejected';
// @ts-expect-error: results hold no null
const nothing: null = receipt.warning;
