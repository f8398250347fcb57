"""A headless Chromium, driven over the W3C WebDriver protocol by chromedriver, with the standard library alone."""
import http.server
import json
import shutil
import threading
import urllib.request

from stack import process

START_SECONDS = 60
CALL_SECONDS = 60
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking"]


class Browser:
    """One browser with one window. `folder` takes its log and profile."""

    def __init__(self, folder):
        if not shutil.which("chromedriver") or not shutil.which("chromium"):
            raise OSError("chromium and chromium-driver are not installed (tests/dev/packages.txt)")
        folder.mkdir(parents=True)
        port = process.free_port()
        self.driver = process.spawn(folder, "chromedriver", ["chromedriver", f"--port={port}"], keep_user=True)
        self.url, self.session = f"http://127.0.0.1:{port}", None
        if not process.wait_until(lambda: process.listens("127.0.0.1", port), START_SECONDS):
            raise OSError("chromedriver does not listen")
        options = {"binary": shutil.which("chromium"), "args": [*ARGUMENTS, f"--user-data-dir={folder}/profile"]}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self.session = self._call("/session", wanted)["sessionId"]

    def _call(self, path, body=None, method="POST"):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
            return json.load(answer)["value"]

    def go(self, url):
        self._call(f"/session/{self.session}/url", {"url": url})

    def run(self, script, *arguments):
        """What a script returns; its arguments are `arguments`."""
        return self._call(f"/session/{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def before_pages(self, script):
        """Runs a script in every page from now on, before the page's own."""
        self._call(f"/session/{self.session}/goog/cdp/execute",
                   {"cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": script}})

    def close(self):
        try:
            if self.session:
                self._call(f"/session/{self.session}", method="DELETE")
        finally:
            self.driver.terminate()
            self.driver.wait(START_SECONDS)


class Page:
    """An empty page on a port of its own: an origin other than the gateway's."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html><title>page</title>")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
