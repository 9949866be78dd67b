# SPDX-License-Identifier: Apache-2.0
"""The guides: links lead somewhere, and the webhook example is run as it is printed."""
import base64
import hashlib
import hmac
import http.server
import json
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/operations.md", "docs/guide/first-hour.md"]
KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")  # of the published example, used in the guide


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_project_exist(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text("utf-8"), flags=re.S)
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", link):
            assert (ROOT / page).parent.joinpath(link).exists(), f"{page}: {link} leads nowhere"


def test_webhook_example_is_signed_right():
    if not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("curl or openssl is not installed")
    guide = (ROOT / "docs/guide/first-hour.md").read_text("utf-8")
    script = next(block for block in re.findall(r"```sh\n(.*?)```", guide, re.S) if "webhook-signature" in block)
    seen = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append((self.path, dict((k.lower(), v) for k, v in self.headers.items()),
                         self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        assert "http://127.0.0.1:8080" in script
        script = script.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{server.server_port}")
        done = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, timeout=30,
                              env={"PATH": "/usr/local/bin:/usr/bin:/bin", "no_proxy": "*"})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert done.returncode == 0, done.stderr
    (path, headers, body), = seen
    assert path == "/api/v1/hooks/1" and json.loads(body)["event"] == "create"
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, message, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == "v1," + expected
