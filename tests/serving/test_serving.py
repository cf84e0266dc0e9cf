"""The server as a browser and a program meet it: good questions, bad ones, and far too many."""

import concurrent.futures
import io
import shutil
import socket
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import requests
import schemathesis
from digit_server import DigitServer
from hypothesis import HealthCheck, given, settings
from PIL import Image, ImageDraw
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from kaggle_digits import page, predictor, serving, sources


@pytest.fixture(scope="module")
def digits():
    return sources.load("sklearn").test.images


def as_png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def a_seven():
    image = Image.new("L", (200, 160), 255)
    ImageDraw.Draw(image).line([(50, 30), (130, 30), (80, 140)], fill=0, width=12)
    return as_png(np.asarray(image))


def post(server, path, **options):
    return requests.post(server.address + path, timeout=60, **options)


def test_the_page(digit_server):
    answer = requests.get(digit_server.address + "/", timeout=60)
    assert answer.text == page.online()
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_answers_are_not_held_back():
    with serving._listening("127.0.0.1", 0) as heard, socket.create_connection(heard.getsockname()):
        connection, _ = heard.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("path", ["/", "/api", "/api/health", "/openapi.json"])
def test_heads_and_policies(digit_server, path):
    head, whole = (ask(digit_server.address + path, timeout=60) for ask in (requests.head, requests.get))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.content))
    assert "frame-ancestors 'none'" in head.headers["Content-Security-Policy"]
    assert path == "/" or "default-src 'none'" in head.headers["Content-Security-Policy"]


def test_the_description(digit_server):
    answer = requests.get(digit_server.address + "/api", timeout=60)
    document = requests.get(digit_server.address + "/openapi.json", timeout=60).json()
    names = ("health", "model", "image", "images", "pixels", "corrections")
    assert set(document["paths"]) == {f"/api/{name}" for name in names}
    for operation in (each for methods in document["paths"].values() for each in methods.values()):
        assert operation["description"] and operation["responses"]["422"]["content"]["application/json"]["example"]
    assert all(path in answer.text for path in document["paths"])
    assert "<script" not in answer.text


def test_health_and_model(digit_server, network):
    assert requests.get(digit_server.address + "/api/health", timeout=60).json() == {"status": "ok"}
    said = requests.get(digit_server.address + "/api/model", timeout=60).json()
    assert (said["run"], said["recipe"], said["image_shape"], said["classes"]) == (network.name, "sprint", [28, 28], 10)


def test_a_picture_is_read_as_predict_reads_it(digit_server, network, tmp_path):
    shutil.rmtree(digit_server.folder / "corrections", ignore_errors=True)  # other tests'
    (tmp_path / "seven.png").write_bytes(a_seven())
    (expected,) = predictor.predict(predictor.load(network.path), [tmp_path / "seven.png"], keep_stages=True)
    said = post(digit_server, "/api/image?seen=true", files={"image": ("seven.png", a_seven())}).json()
    digits = [{name: value for name, value in digit.items() if name != "seen"} for digit in said["digits"]]
    assert {**said, "digits": digits} == {**expected.as_json(), "image": "seven.png", "answer": expected.answer}
    assert said["digits"][0]["seen"] == expected.seen[0].image.ravel().tolist()


def test_a_batch_names_what_it_cannot_read(digit_server):
    files = [("images", ("a.png", a_seven())), ("images", ("b.png", b"no picture")), ("images", ("c.png", a_seven()))]
    first, broken, last = post(digit_server, "/api/images", files=files).json()
    assert first["image"] == "a.png"
    assert first["digits"] == last["digits"]
    assert broken["image"] == "b.png"
    assert broken["error"].startswith("b.png is not a whole image")


def test_rows_are_labelled_as_the_model_labels_them(digit_server, network, digits):
    model = predictor.load(network.path)
    said = post(digit_server, "/api/pixels", json={"rows": digits[:20].reshape(20, -1).tolist()}).json()
    assert [row["label"] for row in said] == model.labels(digits[:20]).tolist()
    assert [sum(row["probabilities"]) for row in said] == pytest.approx([1] * 20, abs=1e-4)


def test_corrections_are_kept_for_training(digit_server, digits):
    shown = [(digits[0] // 2).ravel().tolist(), (digits[1] // 2).ravel().tolist()]
    blank = [0] * 784
    said = post(digit_server, "/api/corrections", json={"label": 4, "rows": [*shown, blank]})
    assert said.json() == {"kept": 2}
    post(digit_server, "/api/corrections", json={"label": 6, "rows": shown[:1]})  # who errs corrects again
    learned = sources.load(str(digit_server.folder / "corrections")).train
    kept = dict(zip(map(bytes, learned.images), learned.known_labels.tolist(), strict=True))
    assert [kept[bytes(row)] for row in shown] == [6, 4]
    other = {"Origin": "https://evil.example"}
    assert post(digit_server, "/api/corrections", json={"label": 1, "rows": shown}, headers=other).status_code == 403


def test_pictures_adapt_to_corrections_until_these_are_gone(digit_server, digits):
    """Nothing is started again in between."""
    kept = digit_server.folder / "corrections"
    shutil.rmtree(kept, ignore_errors=True)

    def read():
        return post(digit_server, "/api/image?seen=true", files={"image": ("seven.png", a_seven())}).json()

    first = read()
    seen = first["digits"][0]["seen"]
    rows = post(digit_server, "/api/pixels", json={"rows": [seen]}).json()
    assert (first["guess"] != "1", first["adapted_to"]) == (True, 0)
    for label, corrected in ((4, digits[:4].reshape(4, -1).tolist()), (1, [seen])):
        post(digit_server, "/api/corrections", json={"label": label, "rows": corrected})
    adapted = read()
    assert (adapted["guess"], adapted["adapted_to"]) == ("1", 5)
    assert post(digit_server, "/api/pixels", json={"rows": [seen]}).json() == rows
    shutil.rmtree(kept)
    assert read() == first


def huge_png(width, height):
    """Many megapixels in a few bytes: a bomb, if it were decoded."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


PNG, PARTS = a_seven(), "multipart/form-data"
BAD = {
    "no picture": (422, "/api/image", {"files": {"image": ("a.png", b"hello")}}),
    "an empty file": (422, "/api/image", {"files": {"image": ("a.png", b"")}}),
    "half a picture": (422, "/api/image", {"files": {"image": ("a.png", PNG[: len(PNG) // 2])}}),
    "a bomb": (413, "/api/image", {"files": {"image": ("a.png", huge_png(20_000, 20_000))}}),
    "a line of pixels": (413, "/api/image", {"files": {"image": ("a.png", huge_png(1, 8_000_000))}}),
    "pixels that take much memory": (413, "/api/image", {"files": {"image": ("a.png", huge_png(5000, 5000))}}),
    "raw bytes": (200, "/api/image", {"data": PNG, "headers": {"Content-Type": "application/octet-stream"}}),
    "raw words": (422, "/api/image", {"data": "seven"}),
    "of another page": (403, "/api/image", {"data": PNG, "headers": {"Origin": "https://evil.example"}}),
    "of another site": (403, "/api/image", {"data": PNG, "headers": {"Sec-Fetch-Site": "cross-site"}}),
    "too many bytes": (413, "/api/image", {"data": b"\0" * 12_000_001}),
    "another field": (422, "/api/image", {"files": {"picture": ("a.png", PNG)}}),
    "a field of text": (422, "/api/image", {"data": {"image": "a.png"}}),
    "two for one": (200, "/api/image", {"files": [("image", ("a.png", PNG)), ("image", ("b.png", PNG))]}),
    "a strange name": (200, "/api/image", {"files": {"image": ("../../\u202e" + "a" * 500, PNG)}}),
    "a strange flag": (422, "/api/image?seen=perhaps", {"files": {"image": ("a.png", PNG)}}),
    "no boundary": (400, "/api/image", {"data": b"x", "headers": {"Content-Type": PARTS}}),
    "broken parts": (422, "/api/image", {"data": b"--x\r\nno", "headers": {"Content-Type": PARTS + "; boundary=x"}}),
    "nothing at all": (422, "/api/image", {}),
    "33 pictures": (422, "/api/images", {"files": [("images", ("a.png", b"x"))] * 33}),
    "no pictures": (422, "/api/images", {"files": {}}),
    "no JSON": (422, "/api/pixels", {"data": "[", "headers": {"Content-Type": "application/json"}}),
    "deep JSON": (422, "/api/pixels", {"data": "[" * 100_000, "headers": {"Content-Type": "application/json"}}),
    "no UTF-8": (422, "/api/pixels", {"data": b"\xff\xfe{", "headers": {"Content-Type": "application/json"}}),
    "no rows": (422, "/api/pixels", {"json": {"rows": []}}),
    "a short row": (422, "/api/pixels", {"json": {"rows": [[0] * 783]}}),
    "too white": (422, "/api/pixels", {"json": {"rows": [[256] * 784]}}),
    "half a grey": (422, "/api/pixels", {"json": {"rows": [[0.5] * 784]}}),
    "words": (422, "/api/pixels", {"json": {"rows": [["7"] * 784]}}),
    "no number": (422, "/api/pixels", {"data": '{"rows": [[NaN]]}', "headers": {"Content-Type": "application/json"}}),
    "many wrong values": (422, "/api/pixels", {"data": '{"rows": [[' + '"a",' * 750_000 + "0]]}"}),
    "too long for so many rows": (413, "/api/pixels", {"data": b" " * 7_000_000}),
    "1,001 rows": (422, "/api/pixels", {"json": {"rows": [[0] * 784] * 1001}}),
    "no label": (422, "/api/corrections", {"json": {"rows": [[0] * 784]}}),
    "a label too far": (422, "/api/corrections", {"json": {"rows": [[0] * 784], "label": 10}}),
    "another machine": (421, "/api/health", {"headers": {"Host": "digits.example.com"}}),
    "another method": (405, "/api/health", {}),
    "nowhere": (404, "/api/nothing", {}),
    "upwards": (404, "/../../etc/passwd", {}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_question_gets_a_clear_answer(digit_server, name):
    status, path, options = BAD[name]
    answer = post(digit_server, path, **options)
    assert answer.status_code == status
    assert status == 200 or isinstance(answer.json()["detail"], str)
    assert len(answer.content) < 3000
    assert "/tmp" not in answer.text
    assert requests.get(digit_server.address + "/api/health", timeout=60).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/image HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/image HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /api/image HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 200_000 + b"\r\n\r\n",
    ],
    ids=["words", "version", "negative", "twice", "chunks", "long"],
)
def test_what_is_hardly_http(digit_server, sent):
    host, port = digit_server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.makefile("rb").readline()
        except OSError:  # the server hangs up before it has heard all
            answer = b""
    assert not answer or answer.split()[1].startswith(b"4")


def test_a_crowd_is_answered_or_asked_to_wait(digit_server):
    with concurrent.futures.ThreadPoolExecutor(100) as crowd:
        answers = [crowd.submit(post, digit_server, "/api/image", files={"image": ("a.png", PNG)}) for _ in range(150)]
    statuses = {answer.result().status_code for answer in answers}
    assert 200 in statuses
    assert statuses <= {200, 429, 503}


OPERATIONS = [("GET", "health"), ("GET", "model"), ("POST", "image"), ("POST", "images"), ("POST", "pixels")]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as described", "otherwise"])
@pytest.mark.parametrize(("method", "name"), OPERATIONS, ids=" ".join)
def test_the_description_is_true(digit_server, method, name, mode):
    """Requests made from the API's own description, and requests that go against it."""
    if (method, mode) == ("GET", GenerationMode.NEGATIVE):
        return  # nothing in them can be wrong
    operation = schemathesis.openapi.from_url(digit_server.address + "/openapi.json")[f"/api/{name}"][method]
    # Most bytes are no picture, and a file's content has no type, whatever the schema says.
    excluded = [positive_data_acceptance, negative_data_rejection] if "image" in name else []

    @settings(max_examples=10, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(excluded_checks=excluded, timeout=60)

    ask()


def command(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "kaggle_digits", "serve", *words], capture_output=True, text=True, cwd=cwd
    )


def test_a_taken_port(digit_server, network, tmp_path):
    done = command(str(network.path), "--port", digit_server.address.rsplit(":", 1)[1], cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "--port 8001" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_run_to_serve(tmp_path):
    done = command("mine", "--port", "0", cwd=tmp_path)
    assert done.returncode == 1
    assert "there is no run mine" in done.stderr


def test_it_needs_no_tensorflow(network):
    code = (
        "import sys, asyncio\nfrom pathlib import Path\nfrom kaggle_digits import predictor\n"
        "from kaggle_digits.serving.app import create_app\nfrom kaggle_digits.serving.model_queue import Asker\n"
        f"model = predictor.load(Path({str(network.path)!r}))\ncreate_app(model)\n"
        "asyncio.run(Asker(model).label(b'{\"rows\": [[' + b'0,' * 783 + b'0]]}'))\n"
        "print({'tensorflow', 'keras', 'matplotlib', 'sklearn', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_other_machines_are_answered_only_where_asked_for(network, host):
    with DigitServer(network.path, "--host", host) as running:
        health = running.address + "/api/health"
        answer = requests.get(health, headers={"Host": "desk.example.com"}, timeout=60)
        assert requests.get(running.address + "/api/model", timeout=60).json()["corrections"] is False
        assert post(running, "/api/corrections", json={"label": 1, "rows": [[0] * 784]}).status_code == 404
        assert running.process.stderr.readline().startswith("API")
        assert running.process.stderr.readline().startswith("warning: every machine that reaches this one")
    assert answer.json() == {"status": "ok"}


@pytest.mark.parametrize("host", ["no such name", "a" * 300, "203.0.113.7"])
def test_an_address_that_is_not_ours(host, network, tmp_path):
    done = command(str(network.path), "--port", "0", "--host", host, cwd=tmp_path)
    assert done.returncode == 1
    assert f"error: cannot listen on {host}" in done.stderr
    assert "Traceback" not in done.stderr
