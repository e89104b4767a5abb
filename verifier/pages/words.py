"""The words on the pages, in both languages; reasons have theirs in `ecert.sentences`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ecert.fields import Words
from verifier.problems import Code


def _both(en: str, zh: str) -> Words:
    return Words(en=en, zh=zh)


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "title": _both("Check a certificate", "核验证照"),
        "intro": _both(
            "Drop a certificate file here, or choose one. What the certificate says is not kept; that it was checked is"
            " (agency, serial and result).",
            "将证照文件拖放到此处，或选择文件。证照所载内容不会被保存；核验记录（发证机构、序列号和结果）会被保存。",
        ),
        "choose": _both("Choose a file", "选择文件"),
        "file_hint": _both("The file as the agency gave it: *.ecert.json", "发证机构发放的原始文件：*.ecert.json"),
        "paste": _both("Or paste the certificate as text", "或粘贴证照文本"),
        "check": _both("Check", "核验"),
        "empty": _both("No certificate checked yet.", "尚未核验证照。"),
        "waiting": _both("Checking…", "正在核验…"),
        "too_large": _both(
            "This file is too large to be a certificate (at most 256 KB). Choose the file that ends with .ecert.json.",
            "文件过大，不是证照文件（上限 256 KB）。请选择以 .ecert.json 结尾的文件。",
        ),
        "no_answer": _both(
            "The service did not answer. Nothing was lost: try again in a moment.",
            "服务没有应答。没有任何内容丢失，请稍后重试。",
        ),
        "unreadable": _both(
            "This file cannot be read: it is a folder, or it was changed, moved or deleted since. Choose it again.",
            "无法读取该文件：它是文件夹，或选择后已被修改、移动或删除。请重新选择。",
        ),
        "nothing_chosen": _both("Choose a file first, or paste a certificate.", "请先选择文件或粘贴证照文本。"),
        "file_and_text": _both(
            "There is a file and a text: leave one of them out. Nothing was checked.",
            "同时提供了文件和文本，请只保留其中一项。尚未进行核验。",
        ),
        "one_at_a_time": _both(
            "One certificate at a time: there were several, and none was checked.",
            "每次只能核验一份证照。收到多份，均未核验。",
        ),
        "about": _both("About: ", "核验对象："),
        "pasted": _both("the pasted text", "粘贴的文本"),
        "empty_file": _both(
            "This file is empty. Choose another one, or ask the holder for the file again.",
            "该文件是空文件。请选择其他文件，或请持证人重新提供。",
        ),
        "no_certificate": _both("This is not a certificate file.", "这不是证照文件。"),
        "damaged": _both("This file is damaged or was changed.", "该文件已损坏或被改动。"),
        "misencoded": _both(
            "A text editor saved this file as {encoding}: it is not the file that the agency gave.",
            "该文件已被文本编辑器另存为 {encoding} 编码，不再是发证机构发放的原始文件。",
        ),
        "share": _both("share", "份额"),
        "as_of": _both("as of", "截至"),
        "block": _both("block", "区块"),
        "type": _both("Certificate", "证照"),
        "agency": _both("Issued by", "发证机构"),
        "serial": _both("Serial", "序列号"),
        "period": _both("Period", "有效期"),
        "no_end": _both("no end", "长期"),
        "fields_VALID": _both("What the certificate says", "证照内容"),
        "fields_INVALID": _both("What the file says (do not rely on it)", "文件内容（不可采信）"),
        "fields_UNKNOWN": _both("What the file says (not confirmed)", "文件内容（尚未确认）"),
        "withheld": _both("not shown", "未出示"),
        "absent": _both("none", "无"),
        "details": _both("Details of the 14 checks", "14项检查明细"),
        "what_to_do": _both("What to do", "如何处理"),
        "legacy_record": _both(
            "An old record: some fields that are required today may be missing.", "历史证照：部分现行必填项可能缺失。"
        ),
        "identifier_check": _both(
            "The check character of its identifier is wrong; this is common and no sign of forgery.",
            "证照标识校验位有误；此类情况常见，不说明证照系伪造。",
        ),
        "says_nothing_about": _both("The certificate says nothing about: ", "本证照不反映："),
        "another": _both("Check another one", "核验下一份"),
        "not_asked_hint": _both(
            "Checked from the file alone; compare it with the person and the form before you.",
            "仅核验了文件本身，请与本人及申请表核对。",
        ),
    }
)

RESULTS: Mapping[str, Words] = MappingProxyType(
    {
        "VALID": _both("VALID", "有效"),
        "INVALID": _both("INVALID", "无效"),
        "UNKNOWN": _both("UNKNOWN", "无法判定"),
    }
)

ID_TYPES: Mapping[str, Words] = MappingProxyType(
    {
        "111": _both("resident identity card", "居民身份证"),
        "414": _both("passport", "护照"),
    }
)
"""Kinds of id documents, as a list of people has them; any other is shown by its code."""

OUTCOMES: Mapping[str, Words] = MappingProxyType(
    {
        "pass": _both("passed", "通过"),
        "fail": _both("failed", "未通过"),
        "unknown": _both("cannot tell", "无法判定"),
        "not_asked": _both("not asked for", "未要求"),
        "skipped": _both("not possible after the above", "因前项结果未进行"),
    }
)

CHECKS: Mapping[str, Words] = MappingProxyType(
    {
        "form": _both("It is a whole certificate", "文件完整、格式正确"),
        "ledger": _both("It is on a ledger that we trust", "所在账本受信任"),
        "agency": _both("The agency is registered", "发证机构已登记"),
        "key": _both("The key is the agency's and was good", "签署密钥属于该机构且有效"),
        "signature": _both("The agency signed it", "签名正确"),
        "fields": _both("The fields are as they were signed", "字段未被改动"),
        "anchor": _both("It stands on the ledger", "已登记到账本"),
        "accreditation": _both("The agency may issue this type", "该机构有权签发此类证照"),
        "status": _both("It was not withdrawn", "未被撤销、暂停或取代"),
        "period": _both("It is within its period", "在有效期内"),
        "expectations": _both("It agrees with what was stated", "与所填内容一致"),
        "documents": _both("The documents belong to it", "所附文件一致"),
        "holder": _both("The holder presented it", "由持证人出示"),
        "freshness": _both("Our copy of the ledger is fresh", "账本副本为最新"),
    }
)

PROBLEMS: Mapping[Code, Words] = MappingProxyType(
    {
        Code.TOO_LARGE: WORDS["too_large"],
        Code.NOT_UNDERSTOOD: WORDS["nothing_chosen"],
        Code.BAD_FORM: _both(
            "The upload did not arrive whole. Nothing was kept: try again.", "上传内容不完整，未保存任何内容，请重试。"
        ),
        Code.TOO_SLOW: _both(
            "The upload took too long. Nothing was kept: try again.", "上传超时，未保存任何内容，请重试。"
        ),
        Code.WRONG_MEDIA_TYPE: WORDS["nothing_chosen"],
        Code.COMPRESSED: _both("This page does not read compressed uploads.", "本页面不接受压缩上传。"),
        Code.NOT_JSON: _both(
            "The text could not be read. Choose the file instead.", "无法读取该文本，请改为选择文件。"
        ),
        Code.NOT_READY: _both(
            "This service is starting and has not read the ledger yet. Nothing was lost: try again in a minute.",
            "服务正在启动，尚未读取账本。没有任何内容丢失，请一分钟后重试。",
        ),
        Code.DATABASE_AWAY: _both(
            "The service cannot reach its database. Nothing was lost: try again in a minute.",
            "服务无法连接数据库。没有任何内容丢失，请一分钟后重试。",
        ),
        Code.NOT_RECORDED: _both(
            "The service cannot write its record, and answers nothing unrecorded. Try again in a minute.",
            "服务无法写入核验记录，未记录则不作答复。请一分钟后重试。",
        ),
        Code.NOT_KEPT: _both("What was asked for is not kept any more.", "所查询的内容已不再保存。"),
        Code.NOT_HTTP: _both("What was sent cannot be read.", "无法读取所发送的内容。"),
        Code.NOT_FOUND: _both("There is nothing at this address.", "此地址没有内容。"),
        Code.UNAUTHENTICATED: _both("Log in first.", "请先登录。"),
        Code.FORBIDDEN: _both("You may not do this here.", "您无权执行此操作。"),
        Code.TOO_MANY: _both("Too many requests. Wait a minute, then try again.", "请求过于频繁，请一分钟后重试。"),
        Code.CONFLICT: _both("Something else was done already.", "已有其他操作，无法执行。"),
        Code.KEY_REUSED: _both("This was sent before with other content.", "此前已以其他内容提交过。"),
        Code.METHOD_NOT_ALLOWED: _both("This address is not used this way.", "此地址不支持该操作。"),
        Code.INTERNAL: _both(
            "Something went wrong here. Try again, and tell your administrator if it stays so.",
            "服务出现问题。请重试；如仍如此，请通知管理员。",
        ),
    }
)
