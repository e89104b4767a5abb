"""The changes of callers, to be fetched by those whom no webhook can reach."""

from __future__ import annotations

import asyncio

from store import changes, past_changes
from store.changes import Change
from store.database import Database
from verifier.problems import Code, Flaw, RequestRefused


class ChangeFeed:
    """Gives each caller its own. `look_every`: seconds between two looks while somebody waits."""

    def __init__(self, database: Database, *, look_every: float = 1.0) -> None:
        self._database = database
        self._look_every = look_every

    def after(self, caller: str, number: int, limit: int) -> tuple[Change, ...]:
        """Give the next changes of a caller.

        Raises:
            RequestRefused: some of those after `number` are not kept any more; `next` says from where it can go on.
            StoreError: the database does not answer.
        """
        with self._database.read() as connection:
            found = changes.of_caller(connection, caller, after=number, limit=limit)
            forgotten = past_changes.newest_forgotten(connection, caller)
        if number < forgotten:
            raise RequestRefused(
                Code.NOT_KEPT,
                f"Changes of yours up to {forgotten} are not kept any more. Ask anew for the status of what you rely"
                f" on, then go on with after={forgotten}.",
                [Flaw(place="after", why=f"some changes after it are not kept any more, those after {forgotten} are")],
                members={"next": forgotten},
            )
        return found

    async def wait_for(self, caller: str, number: int, limit: int, seconds: float) -> tuple[Change, ...]:
        """Give the next changes, as soon as there are any, at the latest after so many seconds."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while not (found := await asyncio.to_thread(self.after, caller, number, limit)):
            left = deadline - clock()
            if left <= 0:
                break
            await asyncio.sleep(min(left, self._look_every))
        return found
