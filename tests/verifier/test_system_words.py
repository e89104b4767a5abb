"""What the system refused is said in both languages, and never by an exception's name or number."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from verifier.system_words import why

REFUSED = [OSError(number, os.strerror(number)) for number in sorted(errno.errorcode)]
BARE = [TimeoutError(), TimeoutError("timed out"), OSError(), socket.gaierror(-2, "Name or service not known")]
BARE += [ssl.SSLError("certificate verify failed"), ConnectionRefusedError()]
NO_TEXT = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


@pytest.mark.parametrize("error", [*REFUSED, *BARE, NO_TEXT], ids=repr)
def test_everything_is_said_in_both_languages(error: OSError | UnicodeDecodeError) -> None:
    words = why(error)
    assert words.en
    assert not words.zh.isascii()
    for said in (words.en, words.zh):
        assert "Error" not in said
        assert "Errno" not in said


def test_what_happens_to_clerks_has_chinese_words_of_its_own() -> None:
    for number in (errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOSPC, errno.EROFS, errno.ECONNREFUSED):
        assert "系统报告" not in why(OSError(number, os.strerror(number))).zh
