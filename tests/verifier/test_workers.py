"""`ecert serve` and `ecert api` as real processes: they answer, come back, refuse with a reason, and all end."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.verifier.recorder import made_keys
from tests.verifier.shelf import DEPLOYMENT, Shelf, stock
from verifier.errors import Refused
from verifier.processes.listening import address_of, listen

PATIENCE = 240.0
GIGABYTE = 1024**3


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A stocked data directory whose node is away."""
    return stocked(tmp_path)


def stocked(folder: Path) -> Shelf:
    shelf = stock(folder)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        node = nobody.getsockname()[1]
    (folder / "ecert.toml").write_text(
        f'port = 0\noffice_port = 0\nnode_urls = ["http://127.0.0.1:{node}"]\nmax_age = 86400\n'
    )
    return shelf


class Program:
    """A running `ecert`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.log = folder / f"{arguments[0]}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "verifier", *arguments, "--data", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, f"it ended: {self.said()}"
            assert time.monotonic() < deadline, f"{what} did not come about: {self.said()}"
            time.sleep(0.05)

    def children(self) -> dict[str, int]:
        """The newest process of each kind."""
        return {name: int(number) for name, number in re.findall(r"(\w+) runs as process (\d+)", self.said())}

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Program]:
    program = Program(folder, *arguments)
    try:
        yield program
    finally:
        program.end()


def connect(address: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(address.removeprefix("http://").strip(), timeout=30)


def get(address: str, path: str) -> tuple[int, bytes]:
    connection = connect(address)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def ready(address: str) -> bool:
    try:
        return get(address, "/readyz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def service_url(program: Program) -> str:
    file = program.folder / "service.url"
    program.until(file.exists, "service.url")
    address = file.read_text(encoding="ascii").strip()
    program.until(lambda: ready(address), "readiness")
    return address


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def test_the_service_runs_answers_and_ends_when_told(shelf: Shelf) -> None:
    with running(shelf.folder, "serve") as program:
        address = service_url(program)
        connection = connect(address)
        body = json.dumps({"certificate": json.loads(shelf.files[0])})
        connection.request("POST", "/v1/verifications", body, {"content-type": "application/json"})
        assert json.loads(connection.getresponse().read())["result"] == "VALID"
        connection.close()
        children = program.children()
        assert set(children) == {"api", "office", "sender", "indexer"}
        assert program.end() == 0
        assert not any(map(alive, children.values()))
        assert not (shelf.folder / "service.url").exists()
        assert not (shelf.folder / "office.url").exists()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Shelf]]:
    """`ecert serve` for all tests that leave it running, and its data directory."""
    shelf = stocked(tmp_path_factory.mktemp("served"))
    with running(shelf.folder, "serve") as program:
        service_url(program)
        yield program, shelf


@pytest.mark.xdist_group("served")
def test_the_office_answers_at_an_address_of_its_own_all_that_the_public_service_does(
    served: tuple[Program, Shelf],
) -> None:
    program, shelf = served
    public = service_url(program)
    inside = (shelf.folder / "office.url").read_text(encoding="ascii").strip()
    assert inside != public
    program.until(lambda: ready(inside), "readiness of the office")
    assert get(inside, "/check") == get(public, "/check")


def test_several_processes_answer_at_one_address_and_none_is_missed(shelf: Shelf) -> None:
    with (shelf.folder / "ecert.toml").open("a", encoding="utf-8") as settings:
        settings.write("api_processes = 3\n")
    with running(shelf.folder, "serve") as program:
        address = service_url(program)
        program.until(lambda: len(apis(program)) == 3, "three of them")
        for number in apis(program)[:2]:
            os.kill(number, signal.SIGKILL)
        assert get(address, "/healthz")[0] == 200
        program.until(lambda: len(apis(program)) == 5, "two others")
        assert program.end() == 0


def apis(program: Program) -> list[int]:
    return [int(number) for number in re.findall(r"api runs as process (\d+)", program.said())]


@pytest.mark.xdist_group("served")
def test_a_process_that_dies_is_started_again_at_the_same_address(served: tuple[Program, Shelf]) -> None:
    program, _ = served
    address, ends = service_url(program), killed_apis(program)
    first = program.children()["api"]
    os.kill(first, signal.SIGKILL)
    program.until(lambda: program.children()["api"] != first, "another api")
    program.until(lambda: ready(address), "readiness")
    assert killed_apis(program) == ends + 1


def killed_apis(program: Program) -> int:
    return program.said().count("api ended with code -9")


def test_killed_with_9_it_takes_its_processes_along_and_can_be_started_again(shelf: Shelf) -> None:
    program = Program(shelf.folder, "serve")
    service_url(program)
    children = program.children()
    program.process.kill()
    program.process.wait()
    deadline = time.monotonic() + PATIENCE
    while any(map(alive, children.values())):
        assert time.monotonic() < deadline, program.said()
        time.sleep(0.05)
    (shelf.folder / "service.url").unlink()
    with running(shelf.folder, "serve") as again:
        service_url(again)


@pytest.mark.xdist_group("served")
def test_a_second_service_on_the_same_directory_is_refused(served: tuple[Program, Shelf]) -> None:
    program, shelf = served
    second = Program(shelf.folder, "serve")
    assert second.process.wait(PATIENCE) == 2
    assert f"(process {program.process.pid}): stop it first" in second.said()


def lose_database(folder: Path) -> None:
    """Take the database of a service that has recorded already."""
    (folder / "ecert.sqlite").unlink()
    (folder / "record").mkdir(exist_ok=True)
    (folder / "record" / "api-3f2a9c1b-000001.jsonl").touch()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "ecert.toml").write_text("prot = 1"), "did you mean port"),
        (lambda folder: (folder / "deployment.json").unlink(), "deployment.json is not there"),
        (lambda folder: (folder / "ecert.sqlite").write_bytes(b"no database" * 100), "database"),
        (lose_database, "is database_url right? A lost one is made again by `ecert rebuild`"),
    ],
    ids=["settings", "deployment", "database", "another_database"],
)
def test_what_is_wrong_is_said_and_nothing_is_started(spoil: Callable[[Path], object], said: str, shelf: Shelf) -> None:
    spoil(shelf.folder)
    program = Program(shelf.folder, "serve")
    assert program.process.wait(PATIENCE) == 2
    assert said in program.said()
    assert program.children() == {}
    assert "Traceback" not in program.said()


def test_a_new_database_gets_its_tables(tmp_path: Path) -> None:
    DEPLOYMENT.save(tmp_path / "deployment.json")
    (tmp_path / "ecert.toml").write_text('port = 0\noffice_port = 0\nnode_urls = ["http://127.0.0.1:9"]\n')
    with running(tmp_path, "serve") as program:
        program.until((tmp_path / "service.url").exists, "service.url")
        address = (tmp_path / "service.url").read_text().strip()
        program.until(lambda: get(address, "/healthz")[0] == 200, "life")
        status, said = get(address, "/readyz")
        assert status == 503
        assert b"has not been read yet" in said


def test_a_port_that_is_taken_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.processes.listening.PATIENCE", 0.0)
    with listen("127.0.0.1", 0) as taken:
        assert address_of(taken) == f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Refused, match="ECERT_PORT"):
            listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(Refused, match="ECERT_HOST"):
        listen("203.0.113.1", 0)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, str]]:
    """`ecert api` by itself, and its address."""
    folder = tmp_path_factory.mktemp("api")
    stock(folder)
    made_keys(folder)
    (folder / "ecert.toml").write_text("port = 0\nmax_age = 86400\n")
    with running(folder, "api") as program:
        program.until(lambda: "listening at" in program.said(), "listening")
        address = re.findall(r"listening at (\S+)", program.said())[0]
        program.until(lambda: ready(address), "readiness")
        yield program, address


def test_a_gigabyte_is_refused_over_the_wire_and_the_service_goes_on(api: tuple[Program, str]) -> None:
    program, address = api
    connection = connect(address)
    connection.putrequest("POST", "/v1/verifications")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(GIGABYTE))
    connection.endheaders()
    assert send_all(connection, GIGABYTE) < GIGABYTE
    with contextlib.suppress(OSError, http.client.HTTPException):
        assert connection.getresponse().status == 413
    connection.close()
    assert ready(address)
    assert memory(program.process.pid) < 512 * 1024


def test_the_command_can_ask_it(api: tuple[Program, str], tmp_path: Path) -> None:
    program, address = api
    file = tmp_path / "a.ecert.json"
    file.write_bytes(stock(tmp_path).files[0])
    (tmp_path / "bad.ecert.json").write_bytes(b"%PDF-1.7")
    asked = ["--expect", "legal_representative=张三", "--holder-id", "91420111MAB3PRHM8E", "--max-age", "86400"]
    command = [sys.executable, "-m", "verifier", "verify", str(tmp_path), "--url", address, "--json", *asked]
    ran = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    said = {one["file"]: one for one in map(json.loads, ran.stdout.splitlines())}
    assert ran.returncode == 1
    assert said[str(tmp_path / "bad.ecert.json")]["reasons"] == ["malformed"]
    assert said[str(file)]["checks"][10]["outcome"] == "pass"
    assert "张三" not in program.said()


def test_a_file_that_is_merely_too_large_gets_its_answer(api: tuple[Program, str]) -> None:
    connection = connect(api[1])
    for path, kind in (("/v1/verifications", "application/json"), ("/check", "multipart/form-data; boundary=x")):
        connection.request("POST", path, b" " * (5 * 1024 * 1024), {"content-type": kind})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection")) == (413, "close")
        answer.read()
    connection.close()


def test_what_is_cut_off_or_no_http_breaks_nothing(api: tuple[Program, str]) -> None:
    program, address = api
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        raw.sendall(b"Content-Length: 100\r\n\r\n{")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"this is no HTTP\r\n\r\n")
        assert b"400" in raw.recv(1000)
    assert ready(address)
    assert "Traceback" not in program.said()
    assert "unforeseen" not in program.said()


def test_a_body_that_is_too_large_by_its_own_words_is_refused_unseen(api: tuple[Program, str]) -> None:
    for length in (b"393217", b"99999999999", b"9" * 19):
        with raw_connection(api[1]) as raw:
            raw.sendall(HEAD + b"Content-Length: " + length + b"\r\n\r\n")
            assert raw.recv(4000).startswith(b"HTTP/1.1 413 ")


def test_what_never_comes_to_its_end_loses_its_connection(api: tuple[Program, str]) -> None:
    """A body is answered first; an idle connection, and one whose headers go on, have nothing to be answered."""
    with raw_connection(api[1]) as body, raw_connection(api[1]) as headers, raw_connection(api[1]) as idle:
        body.sendall(HEAD + b"Content-Length: 500\r\n\r\n" + b'{"certi')
        headers.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert all_of(body).startswith(b"HTTP/1.1 408 ")
        assert all_of(headers) == b""
        assert all_of(idle) == b""


@pytest.mark.xdist_group("served")
def test_who_asks_while_the_api_starts_again_waits_and_is_answered(served: tuple[Program, Shelf]) -> None:
    program, shelf = served
    address, ends = service_url(program), killed_apis(program)
    os.kill(program.children()["api"], signal.SIGKILL)
    program.until(lambda: killed_apis(program) > ends, "the end of api")
    connection = connect(address)
    body = json.dumps({"certificate": json.loads(shelf.files[0])})
    connection.request("POST", "/v1/verifications", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["result"]) == (200, "VALID")
    connection.close()


HEAD = b"POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def raw_connection(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def all_of(raw: socket.socket) -> bytes:
    """Read until the other side closes."""
    read = b""
    while piece := raw.recv(4000):
        read += piece
    return read


def send_all(connection: http.client.HTTPConnection, size: int) -> int:
    """Send as much as the service lets us."""
    sent, piece = 0, b" " * (1024 * 1024)
    with contextlib.suppress(OSError):
        while sent < size:
            connection.send(piece)
            sent += len(piece)
    return sent


def memory(process: int) -> int:
    """Resident kibibytes."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1])
