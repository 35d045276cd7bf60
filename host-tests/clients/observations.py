"""Checks what docs/comparison.md says was observed of wechatpy and apprise.

Usage: python observations.py

Each client calls a server on loopback that responds as given here. Prints a line for each observation. Exits with 1
if one no longer holds, as after a new version of a client: then the page needs a change.
"""

import json
import logging
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import apprise
from apprise.plugins.wechat import NotifyWeChat
from apprise.plugins.wecombot import NotifyWeComBot
from wechatpy.enterprise import WeChatClient
from wechatpy.exceptions import WeChatClientException

NO_SERVER = "http://127.0.0.1:1"  # nothing listens on port 1
DEAD_TOKEN = {"errcode": 42001, "errmsg": "access_token expired"}
PARTLY_SENT = {"errcode": 0, "errmsg": "ok", "invaliduser": "lena", "msgid": "m1"}
REFUSED = {"errcode": 60020, "errmsg": "not allow to access from your ip"}
TOKEN = {"errcode": 0, "errmsg": "ok", "access_token": "T0KEN", "expires_in": 7200}


class Server(ThreadingHTTPServer):
    """Responds to each path with what `responses` holds for it; None closes the connection after the request."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.responses, self.requests = {}, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def sizes(self):
        """The bytes of the text in each message that was sent."""
        return [len(json.loads(body)["text"]["content"].encode()) for _, body in self.requests if body]


class Handler(BaseHTTPRequestHandler):
    def respond(self):
        address = self.path
        path = address.partition("?")[0]
        self.server.requests.append((address, self.rfile.read(int(self.headers.get("Content-Length", 0)))))
        response = self.server.responses[path]
        response = response() if callable(response) else response
        if response is None:
            return
        body = json.dumps(response).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = respond

    def log_message(self, *_):
        pass


def observe_wechatpy(server):
    """Yields each observation with whether it was made."""
    path = "/cgi-bin/message/send"
    client = WeChatClient("ww0123456789abcdef", "S3CRET", access_token="T0KEN")

    def use(base):
        WeChatClient.API_BASE_URL = base + "/cgi-bin/"

    def send():
        return client.message.send_text(1000002, "noor.h", "Shift swap approved.")

    use(NO_SERVER)
    try:
        send()
        yield "no connection is an error", False
    except Exception as error:
        yield "the text of the error after no connection holds the access token", "T0KEN" in str(error)

    use(server.address)
    server.responses[path] = REFUSED
    try:
        send()
        yield "a rejection is an error", False
    except WeChatClientException as error:
        yield "a rejection is an error", error.errcode == 60020
        yield "the request of the error holds the access token", "T0KEN" in error.request.url

    server.responses[path] = PARTLY_SENT
    yield "partial delivery is in the result", send()["invaliduser"] == "lena"

    calls = iter(range(200))
    server.responses[path] = lambda: DEAD_TOKEN if next(calls) < 199 else PARTLY_SENT
    WeChatClient.fetch_access_token = lambda self: self.session.set(self.access_token_key, "T0KEN")
    server.requests.clear()
    send()
    yield "a dead token is refreshed without limit", len(server.requests) == 200

    yield "HTTP_PROXY is used", uses_proxy(server, path, use, send)


def observe_apprise(server):
    """Yields each observation with whether it was made."""
    log, path, bot_path = [], "/cgi-bin/message/send", "/cgi-bin/webhook/send"
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    handler = logging.Handler()
    handler.emit = lambda record: log.append((record.levelno, record.getMessage()))
    logger.addHandler(handler)

    def levels(secret):
        return {level for level, message in log if secret in message}

    NotifyWeComBot.request_rate_per_sec = NotifyWeChat.request_rate_per_sec = 0
    NotifyWeComBot.notify_url = server.address + bot_path + "?key={key}"
    NotifyWeChat.token_url = server.address + "/cgi-bin/gettoken"
    NotifyWeChat.notify_url = server.address + path
    server.responses["/cgi-bin/gettoken"] = TOKEN

    bot = NotifyWeComBot(key="K3Y")
    server.responses[bot_path] = {"errcode": 93000, "errmsg": "invalid webhook url"}
    yield "a chatbot's rejection is a success", bot.notify(body="Pump 2 restarted") is True
    yield "the chatbot's key is in the log, at DEBUG only", levels("K3Y") == {logging.DEBUG}

    service = apprise.Apprise()
    service.add("wecombot://K3Y?retry=2&wait=0")
    server.responses[bot_path] = None
    server.requests.clear()
    service.notify(body="Pump 2 restarted")
    yield "retry=2 sends a message that was taken three times", len(server.requests) == 3

    app = NotifyWeChat("ww0123456789abcdef", "S3CRET", "1000002", targets=["@noor.h", "@lena"])
    server.responses[path] = PARTLY_SENT
    yield "partial delivery is a success", app.notify(body="Pump 2 restarted") is True
    server.requests.clear()
    app.notify(body="泵" * 2048)
    yield "2048 characters are sent, whatever their bytes", server.sizes() == [6144]
    server.requests.clear()
    split = apprise.Apprise.instantiate("wechat://ww0123456789abcdef:S3CRET@1000002/@noor.h?overflow=split")
    split.notify(body="泵" * 3000)
    yield "overflow=split splits by characters", server.sizes() == [6144, 2856]

    server.responses[path] = DEAD_TOKEN
    server.requests.clear()
    yield "a dead token fails the message", app.notify(body="Pump 2 restarted") is False and len(server.requests) == 1
    NotifyWeChat.notify_url = NO_SERVER + path
    app.notify(body="Pump 2 restarted")
    yield "the access token is in the log, at DEBUG only", levels("T0KEN") == {logging.DEBUG}

    def use(base):
        bot.api_url = base + bot_path + "?key=K3Y"

    yield "HTTP_PROXY is used", uses_proxy(server, bot_path, use, lambda: bot.notify(body="Pump 2 restarted"))


def uses_proxy(server, path, use, call):
    """Whether a call to a host that does not exist reaches the proxy that the environment names."""
    os.environ["HTTP_PROXY"] = os.environ["http_proxy"] = server.address
    use("http://wecom.invalid")
    server.responses["http://wecom.invalid" + path] = PARTLY_SENT
    server.requests.clear()
    call()
    del os.environ["HTTP_PROXY"], os.environ["http_proxy"]
    return [address.partition("?")[0] for address, _ in server.requests] == ["http://wecom.invalid" + path]


def main():
    for variable in [it for it in os.environ if it.lower().endswith("_proxy")]:
        del os.environ[variable]
    failed = 0
    for client, observe in [("wechatpy", observe_wechatpy), ("apprise", observe_apprise)]:
        for observation, made in observe(Server()):
            print(f"{'ok' if made else 'FAILED':6} {client:15} {version(client):10} {observation}", flush=True)
            failed += not made
    return failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
