"""Daemons with web pages, the simulators that they crawl, and requests to them. Everything is on loopback."""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.parse

import needs

needs.check()

# How long anything may take, in seconds. Only a failure takes so long.
PATIENCE = 60
LIMITS = {"requests_per_second": 10, "endpoint_requests_per_second": 10}


def wait(until, what, seconds=PATIENCE):
    """Asks again and again until the answer is true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        found = until()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def free_port():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


class Simulator:
    """`soracrawl sim` on a port that stays the same."""

    def __init__(self, *options):
        self.options, self.port, self.process = options, free_port(), None
        self.url, self.key = f"http://127.0.0.1:{self.port}", None

    def start(self):
        command = [needs.program(), "sim", "--port", str(self.port), *map(str, self.options)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tempfile.gettempdir()
        )
        self.key = [self.process.stdout.readline().split()[-1] for _ in range(2)][1]
        return self

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


class Refuser:
    """A remote that answers every call with one error."""

    def __init__(self, status, message):
        body = json.dumps({"detail": {"code": status, "message": message}}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url, self.key = f"http://127.0.0.1:{self.server.server_port}", "key-of-a-test-0123456789"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Daemon:
    """`soracrawl run` in a folder of its own."""

    def __init__(self, remote, *, seeds="", limits=LIMITS, web="", alerts="", budget=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="soracrawl-web-"))
        self.archive, self.port, self.process = self.folder / "sora.db", free_port(), None
        self.remote = remote
        self.home = f"http://127.0.0.1:{self.port}/"
        limits = "\n".join(f"{name} = {value}" for name, value in limits.items())
        (self.folder / "crawler.toml").write_text(
            f'[archive]\npath = "sora.db"\n[api]\nbase_url = "{remote.url}"\n[limits]\n{limits}\n[crawl]\nmax_depth = 2\n'
            f'[seeds]\n{seeds}\n[budget]\n{budget}\n[web]\nlisten = "127.0.0.1:{self.port}"\n{web}\n[alerts]\n{alerts}\n'
        )

    def command(self, *arguments, may_fail=False):
        """Runs a command beside the daemon and returns what it prints."""
        done = subprocess.run(
            [needs.program(), *map(str, arguments)], capture_output=True, text=True, cwd=self.folder, check=False
        )
        if done.returncode and not may_fail:
            raise AssertionError(f"soracrawl {arguments[0]} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def start(self):
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(
                [needs.program(), "run", "--yes", "--progress", "none"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | {"TIKHUB_API_KEY": self.remote.key},
            )
        wait(self.is_ready, "the daemon serves its pages")
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text()[-2000:])
        with contextlib.suppress(OSError):
            return self.get("/readyz").status == 200

    def end(self, by=signal.SIGTERM):
        """Ends the daemon and returns its exit code."""
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)

    def remove(self):
        """Ends the daemon at once, and removes its folder."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, sql, *parameters):
        """Returns the rows of a query of the archive."""
        with contextlib.closing(sqlite3.connect(f"file:{self.archive}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def sentence(self):
        return self.command("status", "--check", may_fail=True).strip()

    def state(self):
        return self.get("/healthz").text.strip()

    def web_url(self):
        """Returns the address that opens the pages. It contains the token."""
        return self.command("web-url").strip()

    def token(self):
        [token] = urllib.parse.parse_qs(urllib.parse.urlsplit(self.web_url()).query)["token"]
        return token

    def get(self, path, **headers):
        return self.send("GET", path, headers)

    def send(self, method, path, headers, body=None):
        """Sends a request with exactly these headers. Returns the answer with its `text`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host="host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            if body is not None:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            answer.text = answer.read().decode()
            return answer
