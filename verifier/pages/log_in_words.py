"""The words on the log-in page, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ecert.fields import Words

LOG_IN_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "title": Words(en="Log in", zh="登录"),
        "name": Words(en="Name", zh="用户名"),
        "password": Words(en="Password", zh="密码"),
        "change": Words(en="Choose a new password", zh="设置新密码"),
        "new_password": Words(en="New password", zh="新密码"),
        "again": Words(en="The new password again", zh="再次输入新密码"),
        "rule": Words(en="10 to 256 characters of any kind.", zh="10至256个字符，种类不限。"),
        "log_in": Words(en="Log in", zh="登录"),
        "log_out": Words(en="Log out", zh="退出登录"),
        "by_open_id": Words(en="Log in with your organisation's account", zh="使用单位统一账号登录"),
        "logged_in": Words(en="You are logged in", zh="已登录"),
        "check": Words(en="Check a certificate", zh="核验证照"),
        "logged_in_as": Words(en="You are logged in as", zh="当前登录用户："),
        "refused": Words(
            en="This name and password do not belong together, or there were too many failures. Check both; after"
            " several failures wait up to 15 minutes.",
            zh="用户名或密码不正确，或失败次数过多。请核对后重试；多次失败后请等待，最长15分钟。",
        ),
        "refused_by_open_id": Words(
            en="Nobody here is known by this account, or the log-in took too long. Try again, or ask your"
            " administrator.",
            zh="该账号未在此登记，或登录超时。请重试或联系管理员。",
        ),
        "provider_away": Words(
            en="Your organisation's log-in does not answer. Try again in a minute, or log in with a password.",
            zh="单位统一登录服务没有应答。请稍后重试，或使用密码登录。",
        ),
        "new_password_due": Words(
            en="Choose a new password: 10 to 256 characters, other than this one, twice the same. Nobody was logged in"
            " yet.",
            zh="请设置新密码：10至256个字符，不得与当前密码相同，两次输入须一致。尚未登录。",
        ),
        "not_logged_out": Words(
            en="You are still logged in. Press the button again; if it stays so, close the browser.",
            zh="尚未退出登录。请再次点击按钮；如仍如此，请关闭浏览器。",
        ),
        "session_over": Words(en="Your session is over. Log in again.", zh="登录已失效，请重新登录。"),
    }
)
