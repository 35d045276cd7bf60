"""Drives the simulator with published WeCom clients and checks that it accepts what they send.

Usage: wecom-simulator -- python run.py FOLDER (FOLDER holds the clients' node_modules)

The clients know nothing of this project, so a request of theirs that the simulator refuses is a fault of the simulator,
or of the call below if WeCom would refuse it as well. The simulator's transcript decides, not what a client makes of a
response: some ignore the errcode. Each client starts with a fresh enterprise.

Prints a line for each client and endpoint, then the endpoints that no client calls, then the observations of
observations.py, then `N passed, N failed`.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import python_clients

# What the clients call between them: every endpoint and, where messages are sent, every type.
ENDPOINTS = """
gettoken getcallbackip get_api_domain_ip
department/create department/update department/delete department/simplelist department/list department/get
user/create user/update user/delete user/batchdelete user/list_id user/get user/list user/simplelist user/getuserid
user/get_userid_by_email
agent/get agent/list
appchat/create appchat/update appchat/get
appchat/send:text appchat/send:markdown appchat/send:image appchat/send:file appchat/send:voice appchat/send:video
appchat/send:textcard appchat/send:news appchat/send:mpnews
message/send:text message/send:markdown message/send:image message/send:file message/send:voice message/send:video
message/send:textcard message/send:news message/send:mpnews message/send:template_card
message/recall message/update_template_card
media/upload media/uploadimg media/get
webhook/send:text webhook/send:markdown webhook/send:markdown_v2 webhook/send:image webhook/send:news
webhook/send:file webhook/send:voice webhook/send:template_card
webhook/upload_media
""".split()

NODE_CLIENTS = ["node-easywechat", "fetch"]


def main(folder):
    # The clients heed proxies, which may not reach this machine's loopback addresses.
    for variable in [it for it in os.environ if it.lower().endswith("_proxy")]:
        del os.environ[variable]
    files = python_clients.write_files(folder / "files")
    passed, failed, called = 0, 0, set()
    for client in [*python_clients.CLIENTS, *NODE_CLIENTS]:
        control("POST", "reset")
        calls = python_clients.Calls()
        try:
            if client in NODE_CLIENTS:
                drive_node(client, calls, folder, files)
            else:
                python_clients.CLIENTS[client](calls, files)
        except Exception as error:
            calls.failed("(driver)", error)
        for endpoint, problems in judge(calls, control("GET", "transcript")).items():
            print(f"{'FAILED' if problems else 'ok':6} {client:15} {calls.version:10} {endpoint}", flush=True)
            for problem in problems:
                print(" " * 6, " ".join(problem.split()), flush=True)
            passed, failed = passed + (not problems), failed + bool(problems)
            called.add(endpoint)
    for endpoint in [it for it in ENDPOINTS if it not in called]:
        print(f"{'FAILED':6} {'no client':26} {endpoint}", flush=True)
        failed += 1
    # What the page that compares clients says of two of them; without the patches of this process.
    observations = subprocess.run(
        [sys.executable, Path(__file__).with_name("observations.py")], stdout=subprocess.PIPE, text=True, timeout=120
    )
    print(observations.stdout, end="")
    made = [it.startswith("ok") for it in observations.stdout.splitlines()]
    passed, failed = passed + sum(made), failed + max(made.count(False), observations.returncode)
    print(f"{passed} passed, {failed} failed")
    return failed


def drive_node(client, calls, folder, files):
    paths = json.dumps({kind: str(path) for kind, path in files.items()})
    command = ["node", Path(__file__).with_name("node-clients.js"), client, folder, paths]
    report = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=120).stdout)
    calls.version = report["version"]
    calls.made = [tuple(it) for it in report["calls"]]


def judge(calls, transcript):
    """The problems of each endpoint that was called: refused requests, and what the client met."""
    problems = {}
    for request in transcript:
        found = problems.setdefault(endpoint_of(request), [])
        if request["errcode"] not in (0, None) or request["status"] != 200:
            outcome = request["errcode"] or f"HTTP {request['status']}"
            found.append(f"{request['method']} {request['path']}?{request['query']} {request['body']} -> {outcome}")
    for endpoint, problem in calls.made:
        if problem:
            problems.setdefault(endpoint, []).append(problem)
        elif endpoint not in problems:
            problems[endpoint] = ["the client sent no such request"]
    return problems


def endpoint_of(request):
    """The path without /cgi-bin/, and the type of a message."""
    endpoint = request["path"].removeprefix("/cgi-bin/")
    if not endpoint.endswith("/send"):
        return endpoint
    # Not every body is proper JSON, and the transcript truncates long ones.
    kind = re.search(r'"msgtype"\s*:\s*"(\w+)"', request["body"])
    return f"{endpoint}:{kind[1] if kind else '(no type)'}"


def control(method, action):
    request = Request(f"{os.environ['WECOM_BASE_URL']}/_simulator/{action}", method=method)
    with urlopen(request, timeout=20) as response:
        return json.load(response)


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]).resolve()) else 0)
