"""wechatpy, as it comes: a client with its token, one session. `python wechatpy_send.py URL` reads how many messages to send,
a number a line, and answers each line with nanoseconds on the wall and of CPU. With a second argument it sends one and ends."""

import sys
import time

from wechatpy.enterprise import WeChatClient


class Client(WeChatClient):
    API_BASE_URL = sys.argv[1] + "/cgi-bin/"


client = Client("CORP", "SECRET", access_token="TOKEN")
content = sys.argv[2]


def send():
    answer = client.message.send_text(1000002, ["noor.h", "iker.z"], content, party_ids=["310"])
    assert answer["msgid"], answer


if len(sys.argv) > 3:
    send()
else:
    for line in sys.stdin:
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        for _ in range(int(line)):
            send()
        print(time.perf_counter_ns() - wall, time.process_time_ns() - cpu, flush=True)
