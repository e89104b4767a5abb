"""What people read for every reason: one sentence that says what is so, one that says what to do, in both languages.

A check that fails speaks about the certificate; one that is unknown speaks about us or about what is missing. A reason
that can be either has two wordings, so that the two never share a sentence. `exact` is the better sentence where the
check's detail carries what stands in braces: `fields`, `day`, `serials`, `age`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ecert.fields import Words
from ecert.verdict import Reason


@dataclass(frozen=True, slots=True)
class Wording:
    """What is so and what to do; `exact`: what is so, with values from the check's detail."""

    so: Words
    do: Words
    exact: Words | None = None


def _words(en: str, zh: str) -> Words:
    return Words(en=en, zh=zh)


_REFUSE = _words("Do not accept it. Keep the file and tell your supervisor.", "不予受理，请保留文件并报告主管。")
_ASK_AGENCY = _words("Do not accept it. The holder can ask the issuing agency.", "不予受理，请持证人向发证机构咨询。")
_CURRENT = _words("Do not accept it. Ask the holder for the current certificate.", "不予受理，请持证人出示现行证照。")
_WAIT = _words("Try again in a few minutes.", "请几分钟后重试。")
_OUTAGE = _words(
    "Accept only if your office's rule for outages allows it, or try again later.",
    "仅在本单位应急规则允许时受理，或稍后重试。",
)
_ADMINISTRATOR = _words(
    "Tell your administrator; do not decide on the certificate until it is mended.",
    "请通知管理员，修复之前不要对该证照作出判断。",
)

THE_HOLDER = _words("holder", "持证人")
"""What a stated holder is called in a sentence: no field of the certificate has that name."""

FAILED: Mapping[Reason, Wording] = MappingProxyType(
    {
        Reason.MALFORMED: Wording(
            _words(
                "This is not a certificate, or the file was damaged or changed.",
                "这不是证照文件，或文件已损坏或被改动。",
            ),
            _words(
                "Ask the holder for the file as the agency gave it (its name ends with .ecert.json).",
                "请持证人提供发证机构发放的原始文件（文件名以 .ecert.json 结尾）。",
            ),
        ),
        Reason.BAD_SIGNATURE: Wording(
            _words("The agency named on it did not sign this certificate.", "该证照并非由其所列发证机构签署。"), _REFUSE
        ),
        Reason.ALTERED_FIELD: Wording(
            _words("A field is not what the agency signed.", "有字段与发证机构签署的内容不一致。"),
            _REFUSE,
            _words("Not what the agency signed: {fields}.", "与发证机构签署的内容不一致：{fields}。"),
        ),
        Reason.NOT_IN_BATCH: Wording(
            _words("Another certificate stands on the ledger under this serial.", "账本上该序列号对应的是另一份证照。"),
            _REFUSE,
        ),
        Reason.WRONG_TYPE: Wording(
            _words(
                "On the ledger this serial is a certificate of another type.", "账本上该序列号对应另一种类型的证照。"
            ),
            _REFUSE,
        ),
        Reason.UNTRUSTED_LEDGER: Wording(
            _words("It names a ledger that this service does not trust.", "该证照所指的账本不受本服务信任。"),
            _words(
                "Do not accept it here. It may be from a try-out or from another city.",
                "此处不予受理。它可能来自测试环境或其他城市。",
            ),
        ),
        Reason.UNKNOWN_AGENCY: Wording(
            _words("The agency named on it is not on the registry.", "其所列发证机构不在登记册中。"), _REFUSE
        ),
        Reason.UNKNOWN_KEY: Wording(
            _words("It was not signed with a key of the agency.", "签署所用密钥不属于该发证机构。"), _REFUSE
        ),
        Reason.KEY_COMPROMISED: Wording(
            _words("The key that signed it was in wrong hands by then.", "签署该证照的密钥当时已失控。"),
            _words(
                "Do not accept it. If it is genuine, the agency will issue a new one.",
                "不予受理。如确属真实，发证机构会重新签发。",
            ),
        ),
        Reason.KEY_RETIRED: Wording(
            _words("It was signed with a key that the agency no longer used.", "签署所用密钥当时已被发证机构停用。"),
            _REFUSE,
        ),
        Reason.NOT_ANCHORED: Wording(
            _words("The agency never put this certificate on the ledger.", "发证机构从未将该证照登记到账本。"), _REFUSE
        ),
        Reason.NOT_ACCREDITED: Wording(
            _words("The agency was not allowed to issue this type of certificate.", "该机构当时无权签发此类证照。"),
            _REFUSE,
        ),
        Reason.DOCUMENT_MISMATCH: Wording(
            _words(
                "The document is not the one that belongs to this certificate.", "所附文件与该证照登记的文件不一致。"
            ),
            _words(
                "Do not rely on the document. A scanned or stamped copy differs too: ask for the original file.",
                "不要采信该文件。扫描件或加盖水印的副本也会不一致，请索取原始文件。",
            ),
        ),
        Reason.HOLDER_NOT_PROVED: Wording(
            _words("Whoever presented it did not prove to be its holder.", "出示者未能证明自己是持证人。"),
            _words("Ask the holder to present it again from the own device.", "请持证人用本人设备重新出示。"),
        ),
        Reason.FIELD_MISMATCH: Wording(
            _words("It differs from what you stated.", "证照内容与您填写的内容不一致。"),
            _words(
                "Check what you typed; if that is right, do not accept it.", "请核对填写内容；如填写无误，则不予受理。"
            ),
            _words("Differs from what you stated: {fields}.", "与您填写的内容不一致：{fields}。"),
        ),
        Reason.REVOKED: Wording(
            _words("The agency revoked this certificate.", "发证机构已撤销该证照。"),
            _ASK_AGENCY,
            _words("The agency revoked this certificate on {day}.", "发证机构已于{day}撤销该证照。"),
        ),
        Reason.SUPERSEDED: Wording(
            _words("A newer certificate replaced this one.", "该证照已被新证照取代。"),
            _CURRENT,
            _words(
                "On {day} this certificate was replaced by serial {serials}.",
                "该证照已于{day}被序列号为{serials}的证照取代。",
            ),
        ),
        Reason.SUSPENDED: Wording(
            _words("The agency suspended this certificate.", "发证机构已暂停该证照。"),
            _words(
                "Do not accept it for now; the holder can ask the issuing agency.", "暂不受理，请持证人联系发证机构。"
            ),
            _words("The agency suspended this certificate on {day}.", "发证机构已于{day}暂停该证照。"),
        ),
        Reason.EXPIRED: Wording(
            _words("This certificate has expired.", "该证照已过有效期。"),
            _CURRENT,
            _words("This certificate was valid until {day}.", "该证照有效期至{day}。"),
        ),
        Reason.NOT_YET_VALID: Wording(
            _words("This certificate is not valid yet.", "该证照尚未生效。"),
            _words("Do not accept it before that day.", "生效之前不予受理。"),
            _words("This certificate is valid from {day} only.", "该证照自{day}起生效。"),
        ),
    }
)
"""For checks that fail: about the certificate."""

UNKNOWN: Mapping[Reason, Wording] = MappingProxyType(
    {
        Reason.UNKNOWN_AGENCY: Wording(
            _words(
                "We have not seen the agency on the registry yet; it was signed only just now.",
                "该证照刚刚签署，本服务尚未在登记册中看到其发证机构。",
            ),
            _WAIT,
        ),
        Reason.UNKNOWN_KEY: Wording(
            _words(
                "We have not seen the agency's key on the registry yet; it was signed only just now.",
                "该证照刚刚签署，本服务尚未在登记册中看到其密钥。",
            ),
            _WAIT,
        ),
        Reason.NOT_ANCHORED: Wording(
            _words(
                "We have not seen it on the ledger yet; it was signed only just now.",
                "该证照刚刚签署，本服务尚未在账本上看到它。",
            ),
            _WAIT,
        ),
        Reason.NOT_ACCREDITED: Wording(
            _words(
                "The agency's right to issue this type is not settled on the ledger yet.",
                "该机构签发此类证照的资格在账本上尚未最终确认。",
            ),
            _WAIT,
        ),
        Reason.SUSPENDED: Wording(
            _words(
                "It was suspended when we last read the ledger; we cannot tell whether it has been reinstated since.",
                "最近一次读取账本时该证照处于暂停状态，无法确认此后是否恢复。",
            ),
            _words("Do not accept it for now. Try again in a few minutes.", "暂不受理，请几分钟后重试。"),
            _words(
                "It was suspended on {day}; we cannot tell whether it was reinstated since we last read the ledger.",
                "该证照于{day}被暂停，无法确认最近一次读取账本之后是否恢复。",
            ),
        ),
        Reason.AGENCY_IN_DOUBT: Wording(
            _words("What this agency issued at that time is being examined.", "该机构在该时段签发的证照正在核查中。"),
            _words("Wait for the outcome, or ask the data bureau.", "请等待核查结果，或咨询数据主管部门。"),
        ),
        Reason.SUPERSESSION_PENDING: Wording(
            _words(
                "It replaces an older certificate, and the ledger does not say so yet.",
                "该证照取代旧证照，但账本上尚无相应记录。",
            ),
            _words(
                "Try again in a few minutes; if it stays so, ask the agency.",
                "请几分钟后重试；如仍如此，请咨询发证机构。",
            ),
        ),
        Reason.NOT_SETTLED: Wording(
            _words(
                "It has just been put on the ledger, and the block could still change.",
                "该证照刚登记到账本，区块尚未最终确认。",
            ),
            _WAIT,
        ),
        Reason.PROOF_MISSING: Wording(
            _words(
                "The proof of its place on the ledger did not come with it, and we do not have it.",
                "未附带账本位置证明，本服务也没有该证明。",
            ),
            _words(
                "Ask the holder for the certificate's file (its name ends with .ecert.json).",
                "请持证人提供证照文件（文件名以 .ecert.json 结尾）。",
            ),
        ),
        Reason.FIELD_WITHHELD: Wording(
            _words("The holder did not show a field that is needed.", "持证人未出示所需字段。"),
            _words("Ask the holder to share a copy that shows it.", "请持证人出示包含该项的证照。"),
            _words("The holder did not show: {fields}.", "持证人未出示：{fields}。"),
        ),
        Reason.NOT_COMPARED: Wording(
            _words(
                "Something that must be compared was not, or this service does not know the type of certificate.",
                "有必须比对的内容尚未比对，或本服务不认识该类证照。",
            ),
            _words(
                "Fill in what is asked for and check again; where the type is not known here, ask the agency.",
                "请填写所需内容后重新核验；本服务不认识该类证照的，请向发证机构查询。",
            ),
            _words("Not compared: {fields}.", "尚未比对：{fields}。"),
        ),
        Reason.DOCUMENT_UNKNOWN: Wording(
            _words(
                "The certificate does not say which document belongs to it, or does not show it.",
                "该证照未登记或未出示所属文件，无法比对。",
            ),
            _words(
                "Do not rely on the document; the certificate's fields can be relied on by themselves.",
                "不要采信该文件；证照字段本身可单独采信。",
            ),
        ),
        Reason.BEFORE_LEDGER: Wording(
            _words(
                "You asked about a time before the ledger knew this certificate.",
                "您询问的时间早于该证照登记到账本的时间。",
            ),
            _words(
                "Ask the agency about that time, or ask about a later one.",
                "请向发证机构查询该时间的情况，或询问较晚的时间。",
            ),
        ),
        Reason.IN_FUTURE: Wording(
            _words("You asked about a time that has not come yet.", "您询问的时间尚未到来。"),
            _words("Ask about now, or ask again then.", "请按当前时间核验，或届时再核验。"),
        ),
        Reason.STALE_LEDGER: Wording(
            _words(
                "Our copy of the ledger is too old to tell whether it was revoked since.",
                "账本副本过旧，无法确认此后是否被撤销。",
            ),
            _OUTAGE,
            _words(
                "Our copy of the ledger is {age} old, so we cannot tell whether it was revoked since.",
                "账本副本已有{age}未更新，无法确认此后是否被撤销。",
            ),
        ),
        Reason.CLOCK_WRONG: Wording(
            _words(
                "The clock of this service is behind the ledger's, so we cannot tell what holds now.",
                "本服务的时钟落后于账本，无法判断当前状态。",
            ),
            _ADMINISTRATOR,
        ),
        Reason.TRUST_EXPIRED: Wording(
            _words(
                "The trust file of this terminal has expired, so nothing can be told from it.",
                "本终端的信任文件已过期，无法据此作出判断。",
            ),
            _words(
                "Fetch the newest trust file and facts file, or verify online.",
                "请获取最新的信任文件和事实文件，或在线核验。",
            ),
        ),
        Reason.NOT_FOUND: Wording(
            _words(
                "No certificate was found. That is no proof that there is none.",
                "未查到相应证照，但这不能证明该证照不存在。",
            ),
            _words("Ask the holder for the certificate, or ask the agency.", "请持证人出示证照，或向发证机构查询。"),
        ),
        Reason.SEVERAL_FOUND: Wording(
            _words("Several certificates were found.", "查到多份证照。"),
            _words("Choose the one that is meant.", "请选择所指的一份。"),
        ),
    }
)
"""For checks that are unknown: about us, or about what is missing."""
