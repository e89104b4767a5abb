"""A permissioned network of five real go-ethereum nodes (Clique, one-second blocks) on this machine."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from .faults import NetworkError
from .founding import DYNAMIC, LEGACY
from .network import MARKER, Network, guarded
from .record import FILE
from .status import look

ROOT = Path(__file__).resolve().parent.parent.parent
LETTERS = "ABCDE"


def say(text: str) -> None:
    """Tell what takes long; answers alone go to the standard output."""
    print(f"network: {text}", file=sys.stderr, flush=True)


def number(text: str) -> int:
    """Read a node's number, or the letter that stands for it."""
    return LETTERS.index(text.upper()) + 1 if text.upper() in list(LETTERS) else int(text)


def groups(text: str) -> list[list[int]]:
    """Read `1,2|3,4,5`."""
    return [[number(one) for one in re.split(r"\s*,\s*", group.strip())] for group in text.split("|")]


def address(text: str) -> str:
    """Read an account's address."""
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise ValueError(text)
    return text


def up(network: Network, given: argparse.Namespace) -> None:
    """Start the network and print where it answers."""
    if network.exists and (given.fund or given.chain_id or given.archive or given.fees != DYNAMIC):
        raise NetworkError(f"there is a network in {network.folder} already; `wipe` it before you make another one")
    with guarded(network.folder) if given.until_stdin_closes else contextlib.nullcontext():
        record = network.up(fund=given.fund, chain_id=given.chain_id, fees=given.fees, archive=given.archive)
        for member in record.members:
            print(member.url, flush=True)
        say(f"chain {record.chain_id} is up; {network.folder / FILE} tells the rest")
        if given.until_stdin_closes:
            await_end()


def await_end() -> None:
    """Wait for the end of the standard input."""
    while sys.stdin.readline():
        pass


def down(network: Network, given: argparse.Namespace) -> None:
    """End the network, at once or when whoever started us has gone."""
    if given.when_stdin_closes:
        await_end()
        if not (network.folder / MARKER).exists():
            return
    network.down()


def status(network: Network, given: argparse.Namespace) -> None:
    """Print how the nodes are."""
    seen = look(network)
    print(json.dumps(seen.to_json()) if given.json else seen.to_text())


def logs(network: Network, given: argparse.Namespace) -> None:
    """Print the end of a node's log."""
    print(network.log(given.node, given.lines))


def on_nodes(do: Callable[..., None]) -> Callable[[Network, argparse.Namespace], None]:
    """Make a command of something that is done to nodes."""
    return lambda network, given: do(network, *given.nodes)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument("--data", type=Path, default=ROOT / "data" / "network", metavar="DIR", help="its folder")
    whole = argparse.ArgumentParser(prog="scripts/network", description=__doc__)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Callable[[Network, argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[everywhere], help=text, description=text)
        made.set_defaults(does=does)
        return made

    add_up(command("up", up, "start all five nodes, made new if there are none, and print their addresses"))
    made = command("down", down, "end all nodes and keep their chain")
    made.add_argument("--when-stdin-closes", action="store_true", help="wait for the end of the standard input first")
    for name, do, text in (
        ("stop", Network.stop, "ask nodes to end"),
        ("kill", Network.kill, "end nodes without a warning (SIGKILL)"),
        ("start", Network.start, "start nodes that were stopped or killed"),
    ):
        made = command(name, on_nodes(do), text)
        made.add_argument("nodes", type=number, nargs="+", metavar="N", help="a node: 1 to 5, or A to E")
    made = command(
        "cut", lambda network, given: network.cut(given.groups), "part the network; it stays so until healed"
    )
    made.add_argument("groups", type=groups, metavar="GROUPS", help="'1,2|3,4,5': who can still reach whom")
    command("heal", lambda network, _: network.heal(), "connect all nodes again")
    made = command("status", status, "tell how the nodes are, and who signed the last blocks (*: out of turn)")
    made.add_argument("--json", action="store_true", help="for programs")
    made = command("logs", logs, "print the end of a node's log")
    made.add_argument("node", type=number, metavar="N", help="a node: 1 to 5, or A to E")
    made.add_argument("--lines", type=int, default=50, metavar="COUNT", help="how many (default: 50)")
    command("wipe", lambda network, _: network.wipe(), "end all nodes and forget their chain and keys")
    return whole


def add_up(made: argparse.ArgumentParser) -> None:
    """Describe what a new network can be given."""
    made.add_argument("--fund", type=address, nargs="+", default=[], metavar="ADDRESS", help="gets a million ether")
    made.add_argument("--chain-id", type=int, metavar="ID", help="default: by chance")
    made.add_argument("--fees", choices=[DYNAMIC, LEGACY], default=DYNAMIC, help="rules of London or of Berlin")
    made.add_argument("--archive", action="store_true", help="keep every state; else those of the last 128 blocks")
    made.add_argument("--until-stdin-closes", action="store_true", help="stay, and end all when the input ends")


def main() -> int:
    """Run a command; a refusal is one line and exit code 2."""
    given = parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        given.does(Network(given.data, say), given)
    except NetworkError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
