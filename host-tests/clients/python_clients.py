"""The clients for Python, and curl: a function for each, which makes its calls.

Values are those that people write: numbers from the environment are strings, receivers have blanks around the bars.
"""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
from importlib.metadata import version

import apprise
import apprise.plugins.wechat
import apprise.plugins.wecombot
import requests
import wecomkit
from pywgb import bot as pywgb
from wechatpy.enterprise import WeChatClient

WECOM = "https://qyapi.weixin.qq.com"
BASE_URL = os.environ["WECOM_BASE_URL"]
CORP_ID = os.environ["WECOM_CORP_ID"]
SECRET = os.environ["WECOM_SECRET"]
CONTACTS_SECRET = os.environ["WECOM_CONTACTS_SECRET"]
AGENT_ID = int(os.environ["WECOM_AGENT_ID"])
CHATBOT_KEY = os.environ["WECOM_CHATBOT_KEY"]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FILES = {
    "image": ("pump.png", PNG),
    "voice": ("note.amr", b"#!AMR\n" + b"\x3c" + bytes(31)),
    "video": ("walk.mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08mdat"),
    "file": ("值班表.txt", "周一：水泵 2 号\n".encode()),
}


def write_files(folder):
    """Writes one file of each media type and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.values():
        (folder / name).write_bytes(content)
    return {kind: folder / name for kind, (name, _) in FILES.items()}


class Calls:
    """The calls that a client made, each with the problem that it met, if any."""

    def __init__(self):
        self.version = "?"
        self.made = []

    def __call__(self, endpoint, action, expected=None):
        """Makes a call and returns its result, which must be `expected` if that is given."""
        try:
            result = action()
        except Exception as error:
            return self.failed(endpoint, error)
        wrong = expected is not None and result != expected
        self.made.append((endpoint, f"returned {result!r} instead of {expected!r}" if wrong else None))
        return result

    def failed(self, endpoint, error):
        self.made.append((endpoint, f"{type(error).__name__}: {error}"))


# Most clients have WeCom's address built in. All of those use `requests`.
def send_to_simulator(session, method, url, *args, _send=requests.Session.request, **kwargs):
    url = url.replace(WECOM, BASE_URL)
    if not url.startswith(BASE_URL):
        raise ValueError(f"{url} is not the simulator")
    return _send(session, method, url, *args, **kwargs)


requests.Session.request = send_to_simulator


def drive_wechatpy(call, files):
    call.version = version("wechatpy")
    contacts = WeChatClient(CORP_ID, CONTACTS_SECRET)
    app = WeChatClient(CORP_ID, SECRET)
    call("gettoken", lambda: app.fetch_access_token()["expires_in"], 7200)

    call("department/create", lambda: contacts.department.create("Field Service", id=310)["id"], 310)
    call("department/update", lambda: contacts.department.update(310, name="Field Service (North)", order=4300))
    call("department/list", lambda: [it["id"] for it in app.department.get()], [1, 310])
    for user_id, mobile in [("noor.h", "13900000001"), ("iker.z", "+34600000000"), ("may.l", "13900000003")]:
        call("user/create", lambda: contacts.user.create(user_id, "Noor Haddad", [310], mobile=mobile, tel="020-8000"))
    call("user/create", lambda: contacts.user.create("kai.p", "Kai Peng", [310], gender=1, email="kai@ops.example.com"))
    call("user/update", lambda: contacts.user.update("noor.h", position="Dispatcher", enable=1))
    call("user/get", lambda: app.user.get("noor.h")["name"], "Noor Haddad")
    everyone = ["iker.z", "kai.p", "may.l", "noor.h"]
    call("user/list", lambda: sorted(it["userid"] for it in app.user.list(310, fetch_child=True)), everyone)
    call("user/simplelist", lambda: sorted(it["userid"] for it in app.department.get_users(310)), everyone)
    call("agent/get", lambda: app.agent.get(AGENT_ID)["agentid"], AGENT_ID)
    call("agent/list", lambda: [it["agentid"] for it in app.agent.list()], [AGENT_ID])
    call("getcallbackip", lambda: len(app.misc.get_wechat_ips()) > 0, True)

    media = {}
    for kind, path in files.items():
        with path.open("rb") as file:
            media[kind] = call("media/upload", lambda: app.media.upload(kind, file)["media_id"])
    with files["image"].open("rb") as file:
        call("media/uploadimg", lambda: app.media.upload_img(file)["url"].startswith("http"), True)
    call("media/get", lambda: app.media.download(media["image"]).content, PNG)

    to = AGENT_ID, ["noor.h", "iker.z"]
    article = {"title": "Line map", "description": "Rev. C", "url": "https://ops.example.com/m", "image": ""}
    page = {"title": "Digest", "thumb_media_id": media["image"], "author": "Ops", "content": "<p>All normal.</p>"}
    page |= {"content_source_url": "https://ops.example.com/w", "digest": "Nothing", "show_cover_pic": 1}
    message = app.message
    call("message/send:text", lambda: message.send_text(*to, "Shift swap approved.")["errmsg"], "ok")
    call("message/send:markdown", lambda: message.send_markdown(*to, '**T3** is <font color="warning">off</font>'))
    call("message/send:image", lambda: message.send_image(*to, media["image"]))
    call("message/send:voice", lambda: message.send_voice(*to, media["voice"]))
    call("message/send:video", lambda: message.send_video(*to, media["video"], "Site walk", "North yard"))
    call("message/send:file", lambda: message.send_file(*to, media["file"], safe=1))
    call("message/send:textcard", lambda: message.send_text_card(*to, "Outage", "T3 off", "https://ops.example.com/o"))
    call("message/send:news", lambda: message.send_articles(*to, [article]))
    call("message/send:mpnews", lambda: message.send_mp_articles(*to, [page]))

    chat = app.appchat
    call(
        "appchat/create",
        lambda: chat.create("storm2026a", "Storm", "noor.h", ["noor.h", "iker.z"])["chatid"],
        "storm2026a",
    )
    call("appchat/update", lambda: chat.update("storm2026a", name="Storm response", add_user_list=["may.l"]))
    call("appchat/get", lambda: chat.get("storm2026a")["name"], "Storm response")
    card = {"title": "Outage", "description": "T3 off", "url": "https://ops.example.com/o"}
    for kind, content in {
        "text": {"content": "Road reopened."},
        "markdown": {"content": "**Road** reopened."},
        "image": {"media_id": media["image"]},
        "voice": {"media_id": media["voice"]},
        "video": {"media_id": media["video"]},
        "file": {"media_id": media["file"], "safe": 1},
        "textcard": card,
        "news": {"articles": [card]},
        "mpnews": {"articles": [page]},
    }.items():
        call(f"appchat/send:{kind}", lambda: chat.send("storm2026a", kind, **content))

    call("user/delete", lambda: contacts.user.delete("kai.p"))
    call("user/batchdelete", lambda: contacts.user.batch_delete(["noor.h", "iker.z", "may.l"]))
    call("department/delete", lambda: contacts.department.delete(310))


def drive_wecomkit(call, files):
    call.version = version("wecomkit")
    with asyncio.Runner() as runner:
        contacts, app = (
            wecomkit.AsyncWeComClient(wecomkit.WeComConfig(CORP_ID, secret, base_url=BASE_URL))
            for secret in (CONTACTS_SECRET, SECRET)
        )
        try:
            drive_wecomkit_calls(call, files, runner.run, contacts, app)
        finally:
            runner.run(contacts.close())
            runner.run(app.close())


def drive_wecomkit_calls(call, files, run, contacts, app):
    call("gettoken", lambda: run(app.auth.get_access_token(force_refresh=True)))

    call(
        "department/create",
        lambda: run(contacts.departments.create("外勤", 1, name_en="FSN", order=4200, id=310))["id"],
        310,
    )
    call("department/update", lambda: run(contacts.departments.update(310, name="外勤（北）")))
    call(
        "department/simplelist",
        lambda: [it["id"] for it in run(contacts.departments.simple_list(310))["department_id"]],
        [310],
    )
    call("department/list", lambda: len(run(app.departments.list())["department"]), 2)
    call("department/get", lambda: run(app.departments.get(310))["department"]["name"], "外勤（北）")
    for user_id, mobile in [("noor.h", "13900000001"), ("iker.z", "13900000002"), ("may.l", "13900000003")]:
        call(
            "user/create",
            lambda: run(contacts.users.create(user_id, "努尔", [310, 1], mobile=mobile, gender="1", to_invite=False)),
        )
    call(
        "user/update",
        lambda: run(contacts.users.update("noor.h", alias="Noor", department=[310], telephone="020-8000,1")),
    )
    call("user/get", lambda: run(app.users.get("noor.h"))["department"], [310])
    call("user/list_id", lambda: len(run(contacts.users.list_id(cursor="", limit=100))["dept_user"]), 6)
    call("user/list", lambda: len(run(app.users.list_by_department(310, status=4))["userlist"]))
    call("user/simplelist", lambda: len(run(app.users.simple_list_by_department(310))["userlist"]), 3)
    call("agent/get", lambda: run(app.agent.get(AGENT_ID))["close"], 0)

    media = {}
    for kind, path in files.items():
        media[kind] = call("media/upload", lambda: run(app.media.upload(str(path), kind))["media_id"])
    call("media/uploadimg", lambda: run(app.media.upload_image(str(files["image"])))["errcode"], 0)
    call("media/get", lambda: run(app.media.get(media["file"])).content, FILES["file"][1])

    message, to = app.messages, {"to_user": "noor.h|iker.z", "to_party": "310"}
    article = {
        "title": "Line map",
        "description": "Rev. C",
        "url": "https://ops.example.com/m",
        "picurl": "https://ops.example.com/m.png",
    }
    page = {"title": "Digest", "thumb_media_id": media["image"], "content": "<p>All normal.</p>"}
    buttons = [{"text": "Approve", "style": 1, "key": "yes"}, {"text": "Reject", "style": 2, "key": "no"}]
    approval = {
        "card_type": "button_interaction",
        "task_id": "ap-12",
        "main_title": {"title": "Approval needed"},
        "button_list": buttons,
    }
    call("message/send:text", lambda: run(message.send_text(AGENT_ID, "换班已批准", **to))["invaliduser"], "")
    call("message/send:markdown", lambda: run(message.send_markdown(AGENT_ID, "# 水泵", **to)))
    call("message/send:image", lambda: run(message.send_image(AGENT_ID, media["image"], **to)))
    call("message/send:voice", lambda: run(message.send_voice(AGENT_ID, media["voice"], **to)))
    call("message/send:video", lambda: run(message.send_video(AGENT_ID, media["video"], title="Site walk", **to)))
    call("message/send:file", lambda: run(message.send_file(AGENT_ID, media["file"], **to)))
    call(
        "message/send:textcard",
        lambda: run(
            message.send_textcard(AGENT_ID, "Outage", "T3 off", "https://ops.example.com/o", btntxt="打开", **to)
        ),
    )
    call("message/send:news", lambda: run(message.send_news(AGENT_ID, [article], **to)))
    call("message/send:mpnews", lambda: run(message.send_mpnews(AGENT_ID, [page], **to)))
    sent = call("message/send:template_card", lambda: run(message.send_template_card(AGENT_ID, approval, **to)))
    call(
        "message/update_template_card",
        lambda: run(
            message.update_template_card(
                AGENT_ID, sent["response_code"], userids=["noor.h"], button={"replace_name": "Approved"}
            )
        ),
    )

    webhook = f"{BASE_URL}/cgi-bin/webhook/send?key={CHATBOT_KEY}"
    robot = app.robot
    call("webhook/send:text", lambda: run(robot.send_text(webhook, "2 号水泵已重启"))["errcode"], 0)
    call("webhook/send:markdown", lambda: run(robot.send_markdown(webhook, "**2 号**水泵"))["errcode"], 0)
    image = base64.b64encode(PNG).decode(), hashlib.md5(PNG).hexdigest()
    call("webhook/send:image", lambda: run(robot.send_image(webhook, *image))["errcode"], 0)
    call("webhook/send:news", lambda: run(robot.send_news(webhook, [article]))["errcode"], 0)

    call("user/delete", lambda: run(contacts.users.delete("may.l")))
    call("user/batchdelete", lambda: run(contacts.users.batch_delete(["noor.h", "iker.z"])))
    call("department/delete", lambda: run(contacts.departments.delete(310)))


def drive_apprise(call, files):
    call.version = apprise.__version__
    for plugin in [apprise.plugins.wechat.NotifyWeChat, apprise.plugins.wecombot.NotifyWeComBot]:
        plugin.request_rate_per_sec = 0

    def notify(url):
        target = apprise.Apprise()
        return target.add(url) and bool(target.notify(body="2 号水泵已重启", title="Pump"))

    app = f"wechat://{CORP_ID}:{SECRET}@{AGENT_ID}"
    call("message/send:text", lambda: notify(f"{app}/@founder/%231"), True)
    call("message/send:text", lambda: notify(f"{app}/@all"), True)
    call("message/send:markdown", lambda: notify(f"{app}/@founder?format=markdown"), True)
    call("webhook/send:text", lambda: notify(f"wecombot://{CHATBOT_KEY}"), True)
    call("webhook/send:text", lambda: notify(f"{WECOM}/cgi-bin/webhook/send?key={CHATBOT_KEY}"), True)


def drive_pywgb(call, files):
    call.version = version("pywgb")
    article = {
        "title": "Pump report",
        "description": "May",
        "url": "https://ops.example.com/r",
        "picurl": "https://ops.example.com/r.png",
    }
    action = {"type": 1, "url": "https://ops.example.com/r/5"}
    rows = [{"keyname": "Cost", "value": "420 EUR"}]
    call(
        "webhook/send:text",
        lambda: pywgb.TextBot(CHATBOT_KEY).send(
            "Pump 2", mentioned_list=["founder", "@all"], mentioned_mobile_list=["13900000000"]
        ),
    )
    call("webhook/send:markdown", lambda: pywgb.MarkdownBot(CHATBOT_KEY).send("**Pump** 2"))
    call(
        "webhook/send:markdown_v2",
        lambda: pywgb.MarkdownBotV2(CHATBOT_KEY).send("| pump | state |\n| --- | --- |\n| 2 | on |"),
    )
    call("webhook/send:image", lambda: pywgb.ImageBot(CHATBOT_KEY).send(file_path=files["image"]))
    call("webhook/send:news", lambda: pywgb.NewsBot(CHATBOT_KEY).send(articles=[article]))
    call("webhook/upload_media", lambda: pywgb.TextBot(CHATBOT_KEY).upload(files["file"]))
    call("webhook/send:file", lambda: pywgb.FileBot(CHATBOT_KEY).send(file_path=files["file"]))
    call("webhook/send:voice", lambda: pywgb.VoiceBot(CHATBOT_KEY).send(file_path=files["voice"]))
    call(
        "webhook/send:template_card",
        lambda: pywgb.TextCardBot(CHATBOT_KEY).send(
            sub_title_text="Pump 2", horizontal_content_list=rows, card_action=action
        ),
    )
    call(
        "webhook/send:template_card",
        lambda: pywgb.NewsCardBot(f"{WECOM}/cgi-bin/webhook/send?key={CHATBOT_KEY}").send(
            main_title={"title": "Pump report"},
            card_image={"url": "https://ops.example.com/r.png", "aspect_ratio": 2.25},
            card_action=action,
        ),
    )


JSON_TYPE = ["-H", "Content-Type: application/json"]


def curl(path, *options):
    command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "20", *options, f"{BASE_URL}/cgi-bin/{path}"]
    output = subprocess.run(command, capture_output=True, check=False)
    if output.returncode:
        raise OSError(output.stderr.decode())
    response = json.loads(output.stdout)
    if response.get("errcode", 0):
        raise ValueError(response["errmsg"])
    return response


def drive_curl(call, files):
    call.version = subprocess.run(["curl", "--version"], capture_output=True, check=True, text=True).stdout.split()[1]
    ids = f"corpid={CORP_ID}&corpsecret="
    token = call("gettoken", lambda: curl(f"gettoken?{ids}{SECRET}")["access_token"])
    contacts = call("gettoken", lambda: curl(f"gettoken?debug=1&{ids}{CONTACTS_SECRET}")["access_token"])
    # As axios sends it when it is given a body for everything.
    call(
        "gettoken", lambda: curl(f"gettoken?{ids}{SECRET}", "-X", "GET", *JSON_TYPE, "-d", "{}")["access_token"], token
    )

    def post(path, body, *options, as_user=token):
        body = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        return curl(f"{path}?access_token={as_user}", *(options or JSON_TYPE), "-d", body)

    call(
        "department/create",
        lambda: post("department/create", {"name": "外勤", "parentid": "1", "id": 310}, as_user=contacts)["id"],
        310,
    )
    # Bare `-d` sends the JSON as a form.
    call(
        "department/update",
        lambda: curl(f"department/update?access_token={contacts}", "-d", '{"id":310,"name":"外勤（北）"}'),
    )
    call(
        "department/simplelist",
        lambda: len(curl(f"department/simplelist?access_token={token}&id=")["department_id"]),
        2,
    )
    # The sample of WeCom's page: a mobile number with a blank.
    member = {
        "userid": "zhangsan",
        "name": "张三",
        "alias": "jackzhang",
        "mobile": "+86 13800000000",
        "department": [1, 310],
    }
    member |= {
        "order": [10, 40],
        "position": "产品经理",
        "gender": "1",
        "email": "zhangsan@ops.example.com",
        "enable": 1,
    }
    member |= {
        "is_leader_in_dept": [1, 0],
        "direct_leader": ["founder"],
        "telephone": "020-123456",
        "main_department": 1,
    }
    member |= {
        "address": "广州市海珠区新港中路",
        "extattr": {"attrs": []},
        "to_invite": True,
        "external_position": "高级产品经理",
    }
    call("user/create", lambda: post("user/create", member, as_user=contacts))
    # As Tencent's sample library sends it: one department, no list.
    lisi = {
        "userid": "lisi",
        "name": "李四",
        "english_name": "Li",
        "mobile": "13900000002",
        "department": 310,
        "isleader": 0,
    }
    call("user/create", lambda: post("user/create", lisi, as_user=contacts))
    call(
        "user/update", lambda: post("user/update", {"userid": "zhangsan", "gender": 2, "alias": None}, as_user=contacts)
    )
    call("user/get", lambda: curl(f"user/get?access_token={token}&userid=zhangsan")["name"], "张三")
    call("user/get", lambda: curl(f"user/get?access_token={token}&userid=zhangsan", "-X", "POST")["name"], "张三")
    call("user/getuserid", lambda: post("user/getuserid", {"mobile": "13800000000"})["userid"], "zhangsan")
    call("user/list_id", lambda: len(post("user/list_id", {"limit": 10000}, as_user=contacts)["dept_user"]), 4)
    call("agent/get", lambda: curl(f"agent/get?access_token={token}&agentid={AGENT_ID}")["agentid"], AGENT_ID)

    media = call(
        "media/upload",
        lambda: curl(f"media/upload?access_token={token}&type=file", "-F", f"media=@{files['file']}")["media_id"],
    )
    call("media/uploadimg", lambda: curl(f"media/uploadimg?access_token={token}", "-F", f"media=@{files['image']}"))

    # With blanks around the bars and the agent id as a string, as scripts have it.
    to = {"touser": "zhangsan | lisi", "toparty": "1 | 310", "totag": "", "agentid": str(AGENT_ID), "safe": "0"}
    msgid = call(
        "message/send:text",
        lambda: post("message/send", {**to, "msgtype": "text", "text": {"content": "水泵\n已重启"}})["msgid"],
    )
    call(
        "message/send:text", lambda: post("message/send", {**to, "msgtype": "text", "text": {"content": "\x1b[32mok"}})
    )
    call(
        "message/send:file",
        lambda: post("message/send", {**to, "msgtype": "file", "file": {"media_id": media}}, "-H", "Content-Type:"),
    )
    call("message/recall", lambda: post("message/recall", {"msgid": msgid}))

    webhook = f"webhook/send?key={CHATBOT_KEY}"
    # The line of WeCom's page.
    page = (
        '\n   {\n        "msgtype": "text",\n        "text": {\n            "content": "hello world"\n        }\n   }'
    )
    call("webhook/send:text", lambda: curl(webhook, *JSON_TYPE, "-d", page))
    call(
        "webhook/send:markdown",
        lambda: curl(webhook, *JSON_TYPE, "-d", '{"msgtype":"markdown","markdown":{"content":"# \\u6c34"}}'),
    )
    # As shell scripts build it: a raw line break in the text, a comma too many.
    call("webhook/send:text", lambda: curl(webhook, "-d", '{"msgtype":"text","text":{"content":"Pump 2\nrestarted",}}'))
    uploaded = call(
        "webhook/upload_media",
        lambda: curl(
            f"webhook/upload_media?key={CHATBOT_KEY}&type=file", "-F", f"media=@{files['file']};type=text/csv"
        )["media_id"],
    )
    call(
        "webhook/send:file",
        lambda: curl(webhook, "-d", json.dumps({"msgtype": "file", "file": {"media_id": uploaded}})),
    )

    call("user/delete", lambda: curl(f"user/delete?access_token={contacts}&userid=lisi"))
    call("user/delete", lambda: curl(f"user/delete?access_token={contacts}&userid=zhangsan"))
    call("department/delete", lambda: curl(f"department/delete?access_token={contacts}&id=310"))


CLIENTS = {
    "wechatpy": drive_wechatpy,
    "wecomkit": drive_wecomkit,
    "apprise": drive_apprise,
    "pywgb": drive_pywgb,
    "curl": drive_curl,
}
