// The clients for Node: `node node-clients.js NAME FOLDER FILES`. FOLDER holds node_modules, FILES are paths by media
// type, as JSON.
// Prints what it called and which problems it met, for run.py.

import { deepStrictEqual } from "node:assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const [name, folder, filesText] = process.argv.slice(2);
const files = JSON.parse(filesText);
const {
  WECOM_BASE_URL: baseUrl,
  WECOM_CORP_ID: corpId,
  WECOM_SECRET: secret,
  WECOM_CONTACTS_SECRET: contactsSecret,
  WECOM_AGENT_ID: agentId,
  WECOM_CHATBOT_KEY: chatbotKey,
} = process.env;

const calls = [];

/** Makes a call and returns its result, which must equal `expected` if that is given. */
async function call(endpoint, action, expected) {
  try {
    const result = await action();
    if (expected !== undefined) deepStrictEqual(result, expected);
    calls.push([endpoint, null]);
    return result;
  } catch (error) {
    calls.push([endpoint, String(error)]);
    return {};
  }
}

function accepted(response) {
  if (response.errcode) throw new Error(response.errmsg);
  return response;
}

const card = { title: "Outage", description: "T3 off", url: "https://ops.example.com/o" };
const approval = {
  card_type: "button_interaction",
  task_id: "ap-12",
  main_title: { title: "Approval needed" },
  button_list: [{ text: "Approve", style: 1, key: "yes" }],
};

/** The calls that both clients make: `get(secret, path, query)`, `post(secret, path, body)`, `upload(path, query, file)`. */
async function driveAll({ get, post, upload, download }) {
  const department = { name: "Field Service", parentid: 1, order: 4200, id: 310 };
  await call("department/create", async () => (await post(contactsSecret, "department/create", department)).id, 310);
  await call("department/update", () =>
    post(contactsSecret, "department/update", { id: 310, name: "Field Service (North)" }),
  );
  await call(
    "department/simplelist",
    async () => (await get(secret, "department/simplelist", { id: 310 })).department_id.length,
    1,
  );
  await call("department/list", async () => (await get(secret, "department/list", {})).department.length, 2);
  await call("department/get", async () => (await get(secret, "department/get", { id: 310 })).department.id, 310);
  for (const [userid, mobile] of [
    ["noor.h", "+86-139-0000-0001"],
    ["iker.z", 13900000002],
  ]) {
    const member = {
      userid,
      name: "Noor Haddad",
      mobile,
      department: ["310"],
      gender: "0",
      to_invite: false,
      climsgid: 1,
      email: `${userid}@ops.example.com`,
    };
    await call("user/create", () => post(contactsSecret, "user/create", member));
  }
  await call("user/update", () =>
    post(contactsSecret, "user/update", { userid: "noor.h", department: [310, 1], order: [20, 0] }),
  );
  await call("user/get", async () => (await get(secret, "user/get", { userid: "NOOR.H" })).userid, "noor.h");
  await call(
    "user/list_id",
    async () => (await post(contactsSecret, "user/list_id", { cursor: "", limit: 100 })).dept_user.length,
    4,
  );
  await call("user/list", async () => (await get(secret, "user/list", { department_id: 310 })).userlist.length, 2);
  await call(
    "user/simplelist",
    async () => (await get(secret, "user/simplelist", { department_id: 310, fetch_child: 1 })).userlist.length,
    2,
  );
  await call(
    "user/getuserid",
    async () => (await post(secret, "user/getuserid", { mobile: "13900000001" })).userid,
    "noor.h",
  );
  await call(
    "user/get_userid_by_email",
    async () =>
      (await post(secret, "user/get_userid_by_email", { email: "noor.h@ops.example.com", email_type: 2 })).userid,
    "noor.h",
  );
  await call("get_api_domain_ip", async () => (await get(secret, "get_api_domain_ip", {})).ip_list.length > 0, true);
  await call("agent/get", async () => (await get(secret, "agent/get", { agentid: agentId })).agentid, Number(agentId));

  const media = {};
  for (const [type, path] of Object.entries(files)) {
    media[type] = (await call("media/upload", () => upload("media/upload", { type }, path))).media_id;
  }
  const image = (await call("media/uploadimg", () => upload("media/uploadimg", {}, files.image))).url;
  await call("media/get", async () => (await download(media.voice)).equals(readFileSync(files.voice)), true);

  const page = { title: "Digest", thumb_media_id: media.image, content: `<p><img src="${image}"></p>`, author: null };
  const contents = {
    text: { content: 'T3 is offline, see <a href="https://ops.example.com/o">8841</a>' },
    markdown: { content: "**T3** is offline" },
    image: { media_id: media.image },
    voice: { media_id: media.voice },
    video: { media_id: media.video },
    file: { media_id: media.file },
    textcard: { ...card, btntxt: null },
    news: { articles: [card] },
    mpnews: { articles: [page] },
  };
  const to = {
    touser: "noor.h|iker.z|",
    agentid: agentId,
    safe: 0,
    enable_duplicate_check: 0,
    duplicate_check_interval: 0,
  };
  let message;
  for (const [msgtype, content] of Object.entries(contents)) {
    message = await call(`message/send:${msgtype}`, () =>
      post(secret, "message/send", { ...to, msgtype, [msgtype]: content }),
    );
  }
  await call("message/recall", () => post(secret, "message/recall", { msgid: message.msgid }));
  const sent = await call("message/send:template_card", () =>
    post(secret, "message/send", { ...to, msgtype: "template_card", template_card: approval }),
  );
  const notice = {
    card_type: "text_notice",
    main_title: { title: "Approved" },
    card_action: { type: 1, url: card.url },
  };
  await call("message/update_template_card", () =>
    post(secret, "message/update_template_card", {
      userids: ["noor.h", "iker.z"],
      agentid: agentId,
      response_code: sent.response_code,
      template_card: notice,
    }),
  );

  const chat = { chatid: "storm2026a", name: "Storm", userlist: ["noor.h", "iker.z", "founder"] };
  await call("appchat/create", async () => (await post(secret, "appchat/create", chat)).chatid, "storm2026a");
  await call("appchat/update", () =>
    post(secret, "appchat/update", { chatid: "storm2026a", owner: "iker.z", del_user_list: ["founder"] }),
  );
  await call(
    "appchat/get",
    async () => (await get(secret, "appchat/get", { chatid: "storm2026a" })).chat_info.owner,
    "iker.z",
  );
  for (const [msgtype, content] of Object.entries(contents)) {
    await call(`appchat/send:${msgtype}`, () =>
      post(secret, "appchat/send", { chatid: "storm2026a", msgtype, [msgtype]: content }),
    );
  }

  await call("user/delete", () => get(contactsSecret, "user/delete", { userid: "iker.z" }));
  await call("user/batchdelete", () => post(contactsSecret, "user/batchdelete", { useridlist: ["noor.h"] }));
  await call("department/delete", () => get(contactsSecret, "department/delete", { id: 310 }));
}

async function driveEasyWeChat() {
  const require = createRequire(`${folder}/`);
  const { Work } = require("node-easywechat");
  const cache = mkdtempSync(join(tmpdir(), "clients-"));
  const app = (it) =>
    new Work({
      corp_id: corpId,
      secret: it,
      token: "token",
      aes_key: "key",
      http: { baseURL: baseUrl },
      file_cache: { path: cache },
    });
  const clients = { [secret]: app(secret).getClient(), [contactsSecret]: app(contactsSecret).getClient() };
  try {
    await call("gettoken", async () => typeof (await app(secret).getAccessToken().getToken()), "string");
    await driveAll({
      get: async (from, path, params) => accepted((await clients[from].get(`cgi-bin/${path}`, { params })).toObject()),
      post: async (from, path, body) => accepted((await clients[from].postJson(`cgi-bin/${path}`, body)).toObject()),
      // Its own name for the part is "file".
      upload: async (path, params, file) =>
        accepted((await clients[secret].withFile(file).post(`cgi-bin/${path}`, { params })).toObject()),
      download: async (media_id) =>
        (
          await clients[secret].get("cgi-bin/media/get", { params: { media_id }, responseType: "arraybuffer" })
        ).getContent(),
    });
  } finally {
    rmSync(cache, { recursive: true });
  }
  return require("node-easywechat/package.json").version;
}

async function driveFetch() {
  const request = async (path, query, options) => {
    const response = await fetch(`${baseUrl}/cgi-bin/${path}?${new URLSearchParams(query)}`, options);
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
    return response;
  };
  const json = async (...args) => accepted(await (await request(...args)).json());
  const token = async (it) => (await json("gettoken", { corpid: corpId, corpsecret: it })).access_token;
  const form = (path) => {
    const body = new FormData();
    body.append("media", new Blob([readFileSync(path)]), basename(path));
    return { method: "POST", body };
  };
  const tokens = {};
  for (const it of [secret, contactsSecret]) tokens[it] = await call("gettoken", () => token(it));
  // A string as body, which fetch sends as text/plain.
  const post = (body) => ({ method: "POST", body: JSON.stringify(body) });
  await driveAll({
    get: (from, path, query) => json(path, { access_token: tokens[from], ...query }),
    post: (from, path, body) => json(path, { access_token: tokens[from] }, post(body)),
    upload: (path, query, file) => json(path, { access_token: tokens[secret], ...query }, form(file)),
    download: async (media_id) =>
      Buffer.from(await (await request("media/get", { access_token: tokens[secret], media_id })).arrayBuffer()),
  });

  const chatbot = (body) => json("webhook/send", { key: chatbotKey }, post(body));
  await call("webhook/send:text", () =>
    chatbot({ msgtype: "text", text: { content: "Pump 2", mentioned_mobile_list: ["+86 13900000000", "@all"] } }),
  );
  await call("webhook/send:news", () =>
    chatbot({ msgtype: "news", news: { articles: [{ title: "Pump report", url: "www.qq.com" }] } }),
  );
  const { media_id } = await call("webhook/upload_media", () =>
    json("webhook/upload_media", { key: chatbotKey, type: "voice" }, form(files.voice)),
  );
  await call("webhook/send:voice", () => chatbot({ msgtype: "voice", voice: { media_id } }));
  return process.versions.node;
}

const drive = { "node-easywechat": driveEasyWeChat, fetch: driveFetch }[name];
const version = await drive();
console.log(JSON.stringify({ version, calls }));
