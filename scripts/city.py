"""A throw-away city: a local chain, contracts on it, agencies with keys of their own, and the service.

Everything is made new in a folder and belongs to it: generated keys, free ports, one lock. The chain forgets when it
stops, so a city's folder is good for one life; `City.found` begins another one in the same folder. A city can also be
founded on a chain that is there (`ExistingChain`), which then outlives it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account
from eth_utils.address import to_checksum_address

from chain.administration import Administration
from chain.deploying import deploy
from chain.deployment import Deployment
from chain.node import Node
from chain.signer import KeyFileSigner, LocalSigner, Signer
from ecert.types import bundled_types
from verifier.keys.keyring import Keyring, LedgerKey
from verifier.keys.secret_files import write_secret
from verifier.services.agencies import admission, make_keys, own_key, own_operators
from verifier.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
NODE = ROOT / "hardhat-local" / "node"
MARKER = ".throw-away-city"
KEY_FILE_WORK = 2**12
"""Scrypt's work for key files whose password is 192 random bits."""
START_TIMEOUT = 240.0


class CityError(Exception):
    """The city could not be founded or one of its programs ended; the text says what to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An agency of the city: its code on the ledger, its name, and the certificate types it is accredited for."""

    code: str
    name: str
    types: tuple[str, ...]


@dataclass(slots=True)
class City:
    """A running city. `service` is the address of its HTTP service once `serve` was called, `office` the one inside."""

    folder: Path
    chain_url: str
    deployment: Deployment
    keyring: Keyring
    chain_process: subprocess.Popen[str] | None
    service: str = ""
    office: str = ""
    service_process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    """What the service finds in its environment besides ours."""

    @property
    def settings(self) -> Settings:
        """What the city's programs are set to."""
        return load_settings(self.folder)

    def serve(self) -> None:
        """Start `ecert serve` and wait until it says that it is ready.

        Raises:
            CityError: it ended, or was not ready within a minute; the log's last lines are in the text.
        """
        (self.folder / "service.url").unlink(missing_ok=True)
        command = [sys.executable, "-m", "verifier", "serve", "--data", str(self.folder)]
        with (self.folder / "service.log").open("ab") as log:
            self.service_process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT, env=os.environ | self.environment
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_up():
            if self.service_process.poll() is not None or time.monotonic() > deadline:
                raise CityError(f"the service did not become ready:\n{tail(self.folder / 'service.log')}")
            time.sleep(0.1)

    def write_settings(self, urls: Sequence[str], more: Sequence[str] = ()) -> None:
        """Write `ecert.toml`; who runs already keeps to what it has read."""
        ports = ["port = 0", "office_port = 0"]
        lines = [f"node_urls = {json.dumps(list(urls))}", *ports, 'status_base = "https://ecert.example"', *more]
        (self.folder / "ecert.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _is_up(self) -> bool:
        self.service, self.office = self._answering("service.url", "readyz"), self._answering("office.url", "healthz")
        return bool(self.service and self.office)

    def _answering(self, name: str, question: str) -> str:
        """Give the address that stands in a file, if a program answers well there; else nothing."""
        address = self.folder / name
        if not address.exists():
            return ""
        url = address.read_text(encoding="utf-8").strip()
        try:
            with urllib.request.urlopen(f"{url}/{question}", timeout=10) as answer:  # noqa: S310 # our own address
                return url if answer.status == 200 else ""  # noqa: PLR2004
        except (urllib.error.URLError, OSError):
            return ""

    def catch_up(self) -> None:
        """Wait until the service has read one more block, and with it all that commands saw settled before."""
        seen, deadline = self._block(), time.monotonic() + START_TIMEOUT
        while self._block() == seen:
            if time.monotonic() > deadline:
                raise CityError(f"the service reads no more blocks:\n{tail(self.folder / 'service.log')}")
            time.sleep(0.1)

    def _block(self) -> int:
        with urllib.request.urlopen(f"{self.service}/readyz", timeout=10) as answer:  # noqa: S310 # our own address
            return int(json.load(answer)["ledger"]["block"])

    def stop(self) -> None:
        """End the service, then the chain, whatever state they are in."""
        if self.service_process is not None:
            end(self.service_process)
            self.service_process = None
        if self.chain_process is not None:
            end(self.chain_process)

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `ecert ARGUMENT... --data FOLDER`; progress goes to our own terminal, its answer comes back.

        Raises:
            CityError: with `check`, when the command's exit code is not 0.
        """
        done = subprocess.run(
            [sys.executable, "-m", "verifier", *arguments, "--data", str(self.folder)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            cwd=ROOT,
        )
        if check and done.returncode != 0:
            raise CityError(f"`ecert {' '.join(arguments)}` ended with {done.returncode}: {done.stdout.strip()}")
        return done


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Ask a process that we started to stop; kill it after ten seconds."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin is not None:
        process.stdin.close()
    if process.stdout is not None:
        process.stdout.close()


def tail(path: Path, lines: int = 15) -> str:
    """Give the last lines of a log."""
    if not path.exists():
        return f"({path} does not exist)"
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder for one city at a time, and empty it of the last one's life.

    Raises:
        CityError: another city lives there, or the folder holds something that is not ours.
    """
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / MARKER
    if not marker.exists() and any(folder.iterdir()):
        raise CityError(f"{folder} holds something else already; name an empty folder or a new one")
    with marker.open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CityError(f"another city lives in {folder}; stop it, or name another folder") from error
        for path in folder.iterdir():
            if path != marker:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        yield


def start_chain(folder: Path, addresses: Sequence[bytes], interval: float = 1.0) -> tuple[subprocess.Popen[str], str]:
    """Start the local chain on a free port with money for `addresses`; it ends with us. Gives process and URL."""
    log = (folder / "chain.log").open("w", encoding="utf-8")
    funded = ",".join("0x" + address.hex() for address in addresses)
    with log:
        process = subprocess.Popen(
            [sys.executable, NODE, "--port", "0", "--interval", str(interval), "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | {"ECERT_LOCAL_FUND": funded},
        )
    assert process.stdout is not None  # noqa: S101 # we asked for a pipe
    line = process.stdout.readline()
    try:
        return process, str(json.loads(line)["url"])
    except (ValueError, KeyError) as error:
        end(process)
        raise CityError(f"the local chain did not start:\n{tail(folder / 'chain.log')}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingChain:
    """A chain that somebody else runs: the addresses of its nodes, and a key with money on it."""

    urls: tuple[str, ...]
    bureau_key: bytes


async def give_money(chain: ExistingChain, addresses: Sequence[bytes]) -> None:
    """Send some ether from the bureau's key to every address, and wait until all have it."""
    node, bureau = Node(chain.urls[0]), Account.from_key(chain.bureau_key)
    try:
        nonce = (await node.account(bytes.fromhex(bureau.address[2:]))).nonce
        fields = {"chainId": await node.chain_id(), "gas": 21_000, "gasPrice": 20 * 10**9, "value": 10**21}
        for at, address in enumerate(addresses):
            signed = bureau.sign_transaction(fields | {"nonce": nonce + at, "to": to_checksum_address(address)})
            await node.send(bytes(signed.raw_transaction))
        deadline = time.monotonic() + START_TIMEOUT
        while not (await node.account(addresses[-1])).balance:
            if time.monotonic() > deadline:
                raise CityError(f"the chain at {node.url} did not carry out the bureau's transfers")
            await asyncio.sleep(0.2)
    finally:
        await node.close()


async def put_in_order(url: str, agencies: Sequence[Agency], keyring: Keyring, keys: Keys) -> Deployment:
    """Deploy the contracts, register and accredit the agencies, add their keys and operators."""
    node = Node(url)
    try:
        deployment = await deploy(node, keys.bureau)
        administration = Administration(node, deployment)
        since, types = (await node.latest()).time, bundled_types()
        steps = []
        for agency in agencies:
            admin = keys.admins[agency.code].address
            accredited = [types[slug] for slug in agency.types]
            steps += admission(agency.code, agency.name, admin, accredited, since=since, until=None)
        await administration.carry_out(keys.bureau, steps)
        for agency in agencies:
            own = [own_key(keyring, agency.code), *own_operators(keyring, agency.code)]
            await administration.carry_out(keys.admins[agency.code], own)
        return deployment
    finally:
        await node.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The bureau's key, and the agencies' admins', which live only as long as the city is founded."""

    bureau: Signer
    admins: dict[str, LocalSigner]


def bureau_key(folder: Path) -> KeyFileSigner:
    """Make the bureau's key file, where `ecert agency` looks for it, and the file with its password."""
    password = secrets.token_urlsafe(24)
    write_secret(folder / "keys" / "bureau.password", password.encode())
    return KeyFileSigner.create(folder / "keys" / "bureau.json", password, work=KEY_FILE_WORK)


def make_all_keys(keyring: Keyring, agencies: Sequence[Agency], bureau: Signer) -> Keys:
    """Make every key of the city but the bureau's; the agencies' own ones as files in the keyring."""
    for agency in agencies:
        make_keys(keyring, agency.code, work=KEY_FILE_WORK)
    return Keys(bureau=bureau, admins={agency.code: LocalSigner.generate() for agency in agencies})


def found(
    folder: Path,
    agencies: Sequence[Agency],
    *,
    interval: float = 1.0,
    chain: ExistingChain | None = None,
    settings: Sequence[str] = (),
) -> City:
    """Found a city in a claimed folder: keys, chain, contracts, agencies, settings. The service is not started yet.

    With `chain` it is founded there, and no chain is started. `settings` are more lines for `ecert.toml`.
    """
    keyring = Keyring(folder / "keys", folder / "keys" / "passwords")
    bureau = bureau_key(folder) if chain is None else LocalSigner(chain.bureau_key)
    keys = make_all_keys(keyring, agencies, bureau)
    addresses = [admin.address for admin in keys.admins.values()]
    addresses += [keyring.address(agency.code, purpose) for agency in agencies for purpose in LedgerKey]
    process: subprocess.Popen[str] | None = None
    urls: tuple[str, ...]
    if chain is None:
        process, url = start_chain(folder, [bureau.address, *addresses], interval)
        urls = (url,)
    else:
        urls = chain.urls
        asyncio.run(give_money(chain, addresses))
    try:
        deployment = asyncio.run(put_in_order(urls[0], agencies, keyring, keys))
        deployment.save(folder / "deployment.json")
        city = City(folder=folder, chain_url=urls[0], deployment=deployment, keyring=keyring, chain_process=process)
        city.write_settings(urls, settings)
    except BaseException:
        if process is not None:
            end(process)
        raise
    return city
