# SPDX-License-Identifier: Apache-2.0
"""The real program with the demo's history, on a free port and in a folder of its own, for the length of a with block.

The feeder runs once to the end of the history, so that what the page shows stands still. Used by tools/test.py and
tools/screenshot.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START_SECONDS, FEED_SECONDS = 30, 90


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class DemoServer:
    """url and link are None when it did not start; then `why` says what it said."""

    def __init__(self, program):
        self.program = program
        self.url = self.link = self.process = None
        self.why = ""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="aplomb-demo-")
        self.log = os.path.join(self.folder, "log")
        data, port = os.path.join(self.folder, "data"), free_port()
        # --print: this feeder only tells what it would send; the one below is waited for.
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(["demo/start", self.program, data, str(port)], cwd=ROOT, stdout=log, stderr=log,
                                            env={**os.environ, "FEED_ARGS": "--print"}, start_new_session=True)
        url = "http://127.0.0.1:%d" % port
        link = self._wait_for_link()
        if link:
            fed = subprocess.run(["/usr/bin/python3", "demo/feed.py", "--url", url, "--history-only", "--channels",
                                  os.path.join(data, "demo-channels.json")], cwd=ROOT, timeout=FEED_SECONDS,
                                 capture_output=True, text=True)
            if fed.returncode == 0:
                self.url, self.link = url, link
            self.why = fed.stderr
        return self

    def _wait_for_link(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with open(self.log, errors="replace") as log:
                found = re.search(r"sign in: (\S+)", log.read())
            if found:
                return found.group(1)
            time.sleep(0.05)
        with open(self.log, errors="replace") as log:
            self.why = log.read()[-2000:]
        return None

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
