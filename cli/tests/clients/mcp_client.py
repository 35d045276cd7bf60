"""The official Python client against `wecom mcp`: python mcp_client.py target/debug/wecom"""

import asyncio
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

BODIES = []


class Accepting(BaseHTTPRequestHandler):
    """A WeCom that accepts everything."""

    def do_POST(self):
        BODIES.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = b'{"errcode":0,"errmsg":"ok"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


async def main(wecom: str) -> None:
    server = HTTPServer(("127.0.0.1", 0), Accepting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = {
        **os.environ,
        "WECOM_BASE_URL": f"http://127.0.0.1:{server.server_port}",
        "WECOM_CHATBOT_KEY": "key-of-the-test",
    }
    async with stdio_client(StdioServerParameters(command=wecom, args=["mcp"], env=env)) as streams:
        async with ClientSession(*streams) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            names = [it.name for it in tools]
            assert "send-chatbot-text" in names and "get-access-token" not in names, names
            size = len(json.dumps([it.model_dump(exclude_none=True) for it in tools], separators=(",", ":"), ensure_ascii=False).encode())
            assert size < 32 << 10, size

            done = await session.call_tool("send-chatbot-text", {"content": "@hi"})
            result = done.model_dump(by_alias=True)
            assert not result["isError"] and result["structuredContent"]["truncated"] == [], result
            assert BODIES[-1]["text"]["content"] == "@hi"

            failed = (await session.call_tool("send-chatbot-text", {"content": ""})).model_dump(by_alias=True)
            assert failed["isError"] and failed["structuredContent"]["retryable"] is False, failed
            assert failed["structuredContent"]["took-effect"] == "no"
    print(f"{len(names)} tools, {size} bytes")


asyncio.run(main(sys.argv[1]))
