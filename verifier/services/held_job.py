"""The job that this process works on: a lease keeps a second process away from it.

It ends by itself when its holder was killed: `SECONDS` after it was last renewed.
"""

from __future__ import annotations

import uuid

from ecert.fields import Words
from store import leases
from store.database import Connection
from store.records import Job, Lease
from verifier.services.office import Office, Patience

SECONDS = 15
LONGEST = leases.LONGEST
"""Seconds for which `ecert reissue` holds a job."""
RENEW_AFTER = 5

_ELSEWHERE = Words(
    en="another process is issuing this file, or was killed a moment ago: waiting for it",
    zh="另一进程正在签发该文件，或刚刚中断：等待中",
)
_SAME_FILE = Words(en="issuing the same file in another process", zh="另一进程签发同一文件")


def lease_of(job: int) -> str:
    """Name the lease on the work on a job."""
    return f"issue:{job}"


class HeldJob:
    """A job while it is held; made by `take`, and given back by `release`."""

    def __init__(self, office: Office, lease: Lease, since: int) -> None:
        self._office = office
        self._lease = lease
        self._renewed = since

    @classmethod
    def take(cls, office: Office, job: Job, patience: Patience) -> HeldJob:
        """Wait until nobody else holds it; raises `IssuingStopped` where patience ends."""
        holder = uuid.uuid4().hex
        while True:
            now = office.clock()
            with office.database.begin() as connection:
                lease = leases.take(
                    connection, lease_of(job.id), holder=holder, now=now, seconds=SECONDS, longest=LONGEST
                )
            if lease is not None:
                return cls(office, lease, now)
            office.progress.note(_ELSEWHERE)
            patience.wait(_SAME_FILE)

    @property
    def is_due(self) -> bool:
        """Whether it is time to renew the lease."""
        return self._office.clock() - self._renewed >= RENEW_AFTER

    def assure(self, connection: Connection) -> int:
        """Make sure, in a write transaction, that the job is still ours; renew the lease when due; give the time.

        A lease that has ended while a row took long is still ours where nobody else took it.

        Raises:
            LeaseLost: another process took it.
        """
        now = self._office.clock()
        if self.is_due:
            self._lease = leases.renew(connection, self._lease, now=now, seconds=SECONDS)
            self._renewed = now
        else:
            leases.assure(connection, self._lease, now=now)
        return now

    def release(self) -> None:
        """Let others have it."""
        with self._office.database.begin() as connection:
            leases.release(connection, self._lease)
