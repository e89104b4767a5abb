"""Logging in: by name and password, or by the word of an OpenID provider; what comes of it is a session.

By password: the attempt is counted before it is judged, so that a thousand at once are no more than a thousand one by
one. After `FREE` failures an account is locked for a pause that doubles with each further one. Whatever is wrong, a
name that is none, a wrong password, an account that is locked or disabled, the answer is one, and it comes `FLOOR`
seconds after the request. The log says nothing of who it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from store import accounts
from store.accounts import Account
from store.database import Database
from verifier.access.names import is_name
from verifier.access.passwords import LONGEST, SHORTEST, Passwords
from verifier.access.sessions import Opened, Sessions
from verifier.errors import VerifierError

FREE = 5
"""Failures after which pauses begin."""
FIRST_PAUSE = 30
LONGEST_PAUSE = 900
"""Seconds. A pause ends by itself, since whoever knows a name can bring it about."""
FLOOR = 1.0
"""Seconds after which a refusal is answered, longer than any of its reasons takes."""


class LogInRefused(VerifierError):
    """Nobody is let in; why is nobody's business."""


class NewPasswordDue(VerifierError):
    """The password is right and was good once: another is due, which is neither short nor the same."""


class LogIns:
    """Lets people in."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        clock: Callable[[], int],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._clock = clock
        self._pause = pause

    async def by_password(self, name: str, password: str, new_password: str | None) -> Opened:
        """Let a person in by password, and put `new_password` in its place where one is given.

        Raises:
            LogInRefused: name or password is wrong, or the account is locked or disabled.
            NewPasswordDue: the password was good once, and `new_password` is none that can take its place.
            StoreError: the database does not answer.
        """
        begun = time.monotonic()
        account = await asyncio.to_thread(self._begin, name.strip().lower())
        known = None if account is None else account.password
        good = len(password) <= LONGEST and await self._passwords.check(password[:LONGEST], known)
        if account is None or known is None or not good:
            await self._pause(max(0.0, begun + FLOOR - time.monotonic()))
            raise LogInRefused("name or password is wrong, or there were too many failures")
        if (account.one_time or new_password) and not _may_follow(new_password, password):
            await asyncio.to_thread(self._forgive, account)
            raise NewPasswordDue(f"a new password of {SHORTEST} to {LONGEST} characters is due")
        return await asyncio.to_thread(self._let_in, account, password, new_password)

    async def by_subject(self, subject: str) -> Opened:
        """Let in the person of a provider's subject; an account is never made here.

        Raises:
            LogInRefused: there is no such account, or it is disabled.
            StoreError: the database does not answer.
        """
        return await asyncio.to_thread(self._let_in_subject, subject)

    def _begin(self, name: str) -> Account | None:
        """Count the attempt, lock the account where there were many, and give it where it may be tried."""
        if not is_name(name):
            return None
        now = self._clock()
        with self._database.begin() as connection:
            failures = accounts.begin_attempt(connection, name, now=now, longest=LONGEST_PAUSE)
            if failures is None:
                return None
            if failures >= FREE:
                accounts.lock(connection, name, until=now + pause_after(failures))
            return accounts.read(connection, name)

    def _forgive(self, account: Account) -> None:
        with self._database.begin() as connection:
            accounts.forgive(connection, account.name)

    def _let_in(self, account: Account, password: str, new_password: str | None) -> Opened:
        known = str(account.password)
        if new_password:
            fresh = self._passwords.hash(new_password)
        else:
            fresh = self._passwords.hash(password) if self._passwords.is_outdated(known) else known
        with self._database.begin() as connection:
            now_is = accounts.read(connection, account.name)
            if now_is is None or now_is.password != known or now_is.disabled_at is not None:
                raise LogInRefused("the account was changed meanwhile")
            if new_password:
                accounts.set_password(connection, account.name, fresh, one_time=False)
            elif fresh != known:
                accounts.rehash(connection, account.name, before=known, after=fresh)
            accounts.forgive(connection, account.name)
            return self._sessions.open(connection, account.name)

    def _let_in_subject(self, subject: str) -> Opened:
        with self._database.begin() as connection:
            account = accounts.by_subject(connection, subject)
            if account is None or account.disabled_at is not None:
                raise LogInRefused("nobody here is known by this subject")
            return self._sessions.open(connection, account.name)


def pause_after(failures: int) -> int:
    """Give the seconds for which an account is locked after so many failures."""
    return min(LONGEST_PAUSE, FIRST_PAUSE << min(failures - FREE, 10))


def _may_follow(new_password: str | None, password: str) -> bool:
    return new_password is not None and SHORTEST <= len(new_password) <= LONGEST and new_password != password
