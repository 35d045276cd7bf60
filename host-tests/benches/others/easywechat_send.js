// node-easywechat, as it comes, with its token at hand. `node easywechat_send.js URL` reads how many messages to send, a
// number a line, and answers each line with nanoseconds on the wall and of CPU. With a second argument it sends one and ends.
"use strict";
const readline = require("node:readline");
const { Work } = require("node-easywechat");

const [url, content, once] = process.argv.slice(2);
const app = new Work({ corp_id: "CORP", secret: "SECRET", token: "", aes_key: "", http: { baseURL: url } });
app.setAccessToken({ getToken: async () => "TOKEN", toQuery: async () => ({ access_token: "TOKEN" }) });
const client = app.getClient();

async function send() {
  const message = { touser: "noor.h|iker.z", toparty: "310", msgtype: "text", agentid: 1000002, text: { content } };
  const answer = (await client.postJson("cgi-bin/message/send", message)).toObject();
  if (!answer.msgid) throw new Error(JSON.stringify(answer));
}

async function main() {
  if (once) return send();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const wall = process.hrtime.bigint(), cpu = process.cpuUsage();
    for (let i = 0; i < Number(line); i++) await send();
    const spent = process.cpuUsage(cpu);
    console.log(`${process.hrtime.bigint() - wall} ${(spent.user + spent.system) * 1000}`);
  }
}

main().then(() => process.exit(0));
