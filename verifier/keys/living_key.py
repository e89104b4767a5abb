"""One of the service's keys as a running process has it: always the newest, opened once, without a restart."""

from __future__ import annotations

from ecert.jwks import KeySet, PublishedKey
from ecert.suite import SigningKey
from verifier.faults import KeyringError
from verifier.keys.service_keys import ServiceKey, ServiceKeys


class LivingKey:
    """The key of one kind that signs now; a rotation is noticed within a second, by the time of the list's file.

    Args:
        keys: where the keys are.
        kind: the one kind that this process may open.
    """

    def __init__(self, keys: ServiceKeys, kind: ServiceKey) -> None:
        self._keys = keys
        self._kind = kind
        self._looked_at: int | None = None
        self._stamp: tuple[int, int] | None = None
        self._published = KeySet(keys=())
        self._key: SigningKey | None = None

    def at(self, now: int) -> SigningKey:
        """Give the newest key that signs at the second `now`, so that what it signs is believed.

        Raises:
            KeyringError: no key of the list signs now, or the one that does cannot be opened.
        """
        if now != self._looked_at or self._key is None:
            self._key = self._newest(now, self._key)
            self._looked_at = now
        return self._key

    def published(self) -> KeySet:
        """Give the public keys of the list as it is now; raises `KeyringError` where there never was one."""
        self._read_list()
        return self._published

    def _newest(self, now: int, known: SigningKey | None) -> SigningKey:
        self._read_list()
        found = max((each for each in self._published.keys if _signs(each, now)), key=_since, default=None)
        if found is None:
            raise KeyringError(f"no {self._kind} key signs now: is the clock right? Else run `ecert keys rotate`")
        if known is not None and known.public_key == found.public_key:
            return known
        return self._keys.open(self._kind, found.kid)

    def _read_list(self) -> None:
        path = self._keys.list_file(self._kind)
        try:
            stat = path.stat()
        except OSError as error:
            if self._stamp is None:
                raise KeyringError(
                    f"there is no {self._kind} key ({path}: {error.strerror}): run `ecert keys init`"
                ) from error
            return
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._stamp:
            self._published = self._keys.published(self._kind)
            self._stamp = stamp


def _signs(key: PublishedKey, now: int) -> bool:
    return key.since <= now and (key.retired is None or now < key.retired)


def _since(key: PublishedKey) -> int:
    return key.since
