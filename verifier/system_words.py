"""What the operating system refused, said to people in both languages; never an exception's name or number."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from types import MappingProxyType

from ecert.fields import Words

_ZH: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOENT: "文件不存在",
        errno.EACCES: "没有访问权限",
        errno.EPERM: "没有访问权限",
        errno.EISDIR: "这是一个文件夹",
        errno.EINVAL: "不是普通文件",
        errno.ENOTDIR: "路径中有一段不是文件夹",
        errno.ENAMETOOLONG: "文件名过长",
        errno.ELOOP: "符号链接循环",
        errno.ENOSPC: "磁盘已满",
        errno.EDQUOT: "超出磁盘配额",
        errno.EFBIG: "文件过大",
        errno.EROFS: "磁盘只读",
        errno.EIO: "磁盘读写出错",
        errno.ECONNREFUSED: "连接被拒绝",
        errno.ECONNRESET: "连接被中断",
        errno.EPIPE: "连接被中断",
        errno.ETIMEDOUT: "未在规定时间内应答",
        errno.EHOSTUNREACH: "无法到达该主机",
        errno.ENETUNREACH: "网络不可达",
    }
)
_NOT_TEXT = Words(en="it is not UTF-8", zh="不是 UTF-8 编码")
_TOO_LATE = Words(en="no answer in time", zh="未在规定时间内应答")


def why(error: OSError | UnicodeDecodeError) -> Words:
    """Say why something could not be read, written or reached; what has no Chinese here is quoted."""
    if isinstance(error, UnicodeDecodeError):
        return _NOT_TEXT
    if isinstance(error, TimeoutError) and error.errno is None:
        return _TOO_LATE
    en = error.strerror or str(error) or "it did not work"
    if isinstance(error, socket.gaierror):
        return Words(en=en, zh="找不到该主机")
    return Words(en=en, zh=_ZH.get(error.errno or 0, f"系统报告“{en}”"))
