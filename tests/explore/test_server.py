"""The server answers who knows its token, on this machine, and nobody else."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from natsbin import frames
from natsbin.explore import application, make_site
from natsbin.explore.server import SECURITY
from natsbin.store import Store

testclient = pytest.importorskip("starlette.testclient", reason="starlette's test client needs httpx")

TOKEN = "a-token-of-tests"


@pytest.fixture(scope="module")
def client(site: Any) -> Any:
    return testclient.TestClient(application(site, TOKEN), base_url="http://127.0.0.1:8000")


def test_every_kind_of_file(client: Any, site: Any) -> None:
    for name in ("index.html", "app.js", "style.css", "icon.svg", "data/manifest.json", "data/tss/rows.bin"):
        answer = client.get(f"/{TOKEN}/{name}")
        assert answer.status_code == 200
        assert answer.content == site.files[name]()
        for header, value in SECURITY.items():
            assert answer.headers[header] == value
    assert client.get(f"/{TOKEN}/").content == site.files["index.html"]()
    assert client.get(f"/{TOKEN}/").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "%C3%A4", "%00"])
def test_other_tokens(client: Any, token: str) -> None:
    for name in ("", "index.html", "data/manifest.json"):
        answer = client.get(f"/{token}/{name}")
        assert answer.status_code == 404
        assert b"natsbin" not in answer.content
    assert client.post(f"/{token}/table.parquet", json={}).status_code in (404, 405)


def test_without_a_token(client: Any) -> None:
    for path in ("/", "/index.html", "/data/manifest.json", f"/{TOKEN}"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "evil.localhost", "0.0.0.0", ""])
def test_other_hosts(client: Any, host: str) -> None:
    answer = client.get(f"/{TOKEN}/index.html", headers={"Host": host})
    assert answer.status_code == 400
    assert b"<script" not in answer.content


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "127.0.0.1:9"])
def test_own_hosts(client: Any, host: str) -> None:
    assert client.get(f"/{TOKEN}/index.html", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "../server.py",
        "..%2fserver.py",
        "%2e%2e/%2e%2e/errors.py",
        "data/../../server.py",
        "data/tss/%2e%2e/tss/rows.bin",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "..%5cserver.py",
        "app.js%00.html",
        "data",
        "data/tss/",
        "data/tss/200/cifar10/train/accuracy/200.bin",
        "data/tss/200/cifar10/train/accuracy/-1.bin",
        "data/tss/200/cifar10/train/accuracy/0199.bin",
    ],
)
def test_no_path_leads_elsewhere(client: Any, name: str) -> None:
    assert client.get(f"/{TOKEN}/{name}").status_code == 404


def test_only_reading(client: Any) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert client.request(method, f"/{TOKEN}/index.html").status_code == 405


def test_parquet(client: Any, tss: Store) -> None:
    chosen = tss.indexes[5:9].tolist()
    asked = {"space": "tss", "hp": "200", "epoch": 199, "architectures": chosen}
    answer = client.post(f"/{TOKEN}/table.parquet", json=asked)
    assert answer.status_code == 200
    found = pq.read_table(io.BytesIO(answer.content))
    expected = frames.table(tss, hp="200", epoch=199, architectures=chosen)
    assert found.to_pydict() == expected.to_pydict()  # old versions of pyarrow read wider numbers of categories


@pytest.mark.parametrize(
    "changes",
    [
        {"space": "other"},
        {"space": ["tss"]},
        {"hp": "7"},
        {"hp": ["200"]},
        {"epoch": 200},
        {"epoch": "199"},
        {"epoch": True},
        {"architectures": [-1]},
        {"architectures": [10**30]},
        {"architectures": ["<script>"]},
        {"architectures": [[0]]},
        {"architectures": None},
    ],
)
def test_parquet_of_nonsense(client: Any, changes: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"space": "tss", "hp": "200", "epoch": 199, "architectures": [0], **changes}
    answer = client.post(f"/{TOKEN}/table.parquet", json=asked)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert "<" not in answer.text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff", b"[" * 100_000])
def test_parquet_of_no_question(client: Any, body: bytes) -> None:
    answer = client.post(f"/{TOKEN}/table.parquet", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_parquet_of_other_pages_and_of_too_much(client: Any) -> None:
    # a form of another page cannot send JSON without asking first, and nothing here answers OPTIONS
    answer = client.post(f"/{TOKEN}/table.parquet", content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    large = b" " * (2 << 20)
    headers = {"Content-Type": "application/json"}
    assert client.post(f"/{TOKEN}/table.parquet", content=large, headers=headers).status_code == 413


def test_the_page_makes_no_elements_of_texts(site: Any) -> None:
    scripts = {name: make().decode() for name, make in site.files.items() if name.endswith(".js")}
    assert len(scripts) > 5
    for name, text in scripts.items():
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert word not in text, (name, word)
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text


def test_policies_of_page_and_server_agree(site: Any) -> None:
    page = site.files["index.html"]().decode()
    policy = page.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    assert SECURITY["Content-Security-Policy"] == f"{policy}; frame-ancestors 'none'"
    assert "unsafe" not in policy


def test_names_of_stores_are_data(tss: Store, tmp_path: Path) -> None:
    path = tmp_path / "<img src=x onerror=alert(1)>.h5"
    path.write_bytes(tss.path.read_bytes())
    site = make_site([path])
    assert json.loads(site.files["data/manifest.json"]())["spaces"][0]["store"] == path.name
    assert b"onerror" not in site.files["index.html"]()


def _start(*args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "natsbin", "explore", *map(str, args), "--no-browser"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command(tss: Store) -> None:
    with _start(tss.path) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            assert len(address.split("/")[3]) >= 32
            with urllib.request.urlopen(address) as answer:
                assert b"natsbin explorer" in answer.read()
            port = int(address.split(":")[2].partition("/")[0])
            with pytest.raises(urllib.error.HTTPError, match="404") as refused:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/")
            refused.value.close()
            with socket.socket() as other:  # the machine's other addresses have no such port
                assert other.connect_ex(("127.0.0.2", port)) != 0
            with _start(tss.path, "--port", port) as second:
                assert second.wait(60) == 1
                assert second.stderr is not None
                assert f"port {port}" in second.stderr.read()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_wrong_command_lines(tss: Store, tmp_path: Path) -> None:
    with _start(tss.path, "--export", tmp_path / "out") as process:
        assert process.wait(60) == 2
    with _start(tmp_path / "none.h5") as process:
        assert process.wait(60) == 1
    assert os.listdir(tmp_path) == []
