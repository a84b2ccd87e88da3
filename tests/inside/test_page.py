"""The page of `sct.show`: in a browser, where there is one, and as text."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from html.parser import HTMLParser

import numpy as np
import pytest

import sct


def loss(x, w):
    y = np.sin(x)
    d = y - w
    return np.sum(d * d)


def shown():
    return sct.show(sct.grad(loss), np.ones(3), np.ones(3))


class Tags(HTMLParser):
    """The tags of a page, those that are open, and what it refers to."""

    def __init__(self):
        super().__init__()
        self.seen, self.open, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_stands_alone_and_reads_without_scripts():
    page = Tags()
    page.feed(shown().page())
    assert not page.open and "script" not in [tag for tag, _ in page.seen]
    assert not any(name in ("src", "href") for _, attrs in page.seen for name in attrs) and "url(" not in page.text
    for line in ("    d = y - w", "def loss_grad(x, w):", "    x_bar = d_bar * np.cos(x)"):
        assert line in page.text


def test_what_the_user_wrote_is_text():
    def quoted(x):
        mark = "</li><script>alert(1)</script>"
        return x * x if mark > "<&" else x

    page = Tags()
    page.feed(sct.show(sct.grad(quoted), 2.0)._repr_html_())
    assert "script" not in [tag for tag, _ in page.seen] and "</li><script>alert(1)" in page.text


def test_two_in_one_notebook_do_not_share_their_marks():
    first, second = shown()._repr_html_(), sct.show(sct.grad(lambda x: x * x), 2.0)._repr_html_()
    assert first.partition("{")[0] != second.partition("{")[0] and first == shown()._repr_html_()


# -- in a browser ------------------------------------------------------------------------------------------------------------


class Browser:
    """What the page is in a browser, asked by the WebDriver protocol."""

    def __init__(self, port, profile):
        self.at = f"http://127.0.0.1:{port}"
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        asked = {"goog:chromeOptions": {"args": [*options, f"--user-data-dir={profile}", "--window-size=1100,700"]}}
        self.at += "/session/" + self.post("/session", {"capabilities": {"alwaysMatch": asked}})["sessionId"]

    def post(self, path, body):
        request = urllib.request.Request(self.at + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)["value"]

    def ask(self, script):
        return self.post("/execute/sync", {"script": f"return {script}", "args": []})

    def point_at(self, text):
        """Move the pointer onto the line with a text."""
        box = self.ask(f"{line(text)}.getBoundingClientRect().toJSON()")
        move = {"type": "pointerMove", "x": int(box["x"]) + 90, "y": int(box["y"] + box["height"] / 2), "duration": 0}
        pointer = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]}
        self.post("/actions", {"actions": [pointer]})

    def marked(self):
        """The lines that are marked."""
        marks = "getComputedStyle(l).backgroundColor == 'rgb(255, 232, 163)'"
        return {
            text.lstrip("0123456789↓↑→ ") for text in self.ask(f"[...{LINES}].filter(l => {marks}).map(l => l.textContent)")
        }


LINES = "document.querySelectorAll('li')"


def line(text):
    return f"[...{LINES}].find(l => l.textContent.endsWith({json.dumps(text)}))"


@pytest.fixture
def browser(tmp_path):
    driver = shutil.which("chromedriver")
    if driver is None or not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("needs a browser")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5).close()
                break
            except urllib.error.URLError:
                time.sleep(0.05)
        found = Browser(port, tmp_path / "profile")
        yield found
        urllib.request.urlopen(urllib.request.Request(found.at, method="DELETE"), timeout=30).close()
    finally:
        process.terminate()
        process.wait()


def test_lines_that_belong_together_are_marked(browser, tmp_path):
    (tmp_path / "page.html").write_text(shown().page())
    browser.post("/url", {"url": (tmp_path / "page.html").as_uri()})
    assert browser.marked() == set()
    browser.point_at("    d = y - w")
    sine = {"y = np.sin(x)", "# y = np.sin(x)", "x_bar = d_bar * np.cos(x)"}
    assert browser.marked() == {"d = y - w"}
    browser.point_at("x_bar = d_bar * np.cos(x)")
    assert browser.marked() == sine
