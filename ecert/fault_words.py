"""What a fault of a row says to people, in both languages."""

from __future__ import annotations

from ecert.errors import Fault, FaultReason, UnreadableValue

_WORDS = {
    FaultReason.MISSING: ("is required and missing", "为必填项，未填写"),
    FaultReason.UNKNOWN_FIELD: ("is not a field of this certificate type", "不是该证照类型的字段"),
    FaultReason.NOT_TEXT: ("must be text", "须为文本"),
    FaultReason.TOO_LONG: ("is too long", "过长"),
    FaultReason.TOO_LARGE: ("makes the certificate too large", "使证照过大"),
    FaultReason.FORBIDDEN_CHARACTER: ("has a character that must not stand in it", "含有不允许的字符"),
    FaultReason.NOT_A_DATE: ("is not a real date, written like 2026-11-20", "不是真实存在的日期，格式如2026-11-20"),
    FaultReason.DATES_OUT_OF_ORDER: ("is before", "早于"),
    FaultReason.NOT_AN_INTEGER: ("is not a whole number", "不是整数"),
    FaultReason.NOT_A_DECIMAL: ("is not a plain decimal such as 120.50", "不是十进制数，格式如120.50"),
    FaultReason.OUT_OF_RANGE: ("is out of the range that it can have", "超出允许的范围"),
    FaultReason.NUMBER_FORM: ("is not a number of 1 to 64 characters with a digit", "不是含有数字的1至64位编号"),
    FaultReason.CITIZEN_ID_FORM: ("is not a citizen id of 18 (or 15) digits", "不是18位（或15位）公民身份号码"),
    FaultReason.CITIZEN_ID_DATE: ("has a date of birth that does not exist", "公民身份号码中的出生日期不存在"),
    FaultReason.CITIZEN_ID_CHECK: ("has a wrong check digit for a citizen id", "公民身份号码校验位有误"),
    FaultReason.USCC_FORM: ("is not a social credit code of 18 characters", "不是18位统一社会信用代码"),
    FaultReason.USCC_CHECK: ("has a wrong check character for a social credit code", "统一社会信用代码校验位有误"),
    FaultReason.FOOD_PERMIT_FORM: ("is not JY and 14 digits", "不是JY加14位数字"),
    FaultReason.FOOD_PERMIT_CHECK: ("has a wrong check digit for a food permit", "食品经营许可证编号校验位有误"),
    FaultReason.PROPERTY_UNIT_FORM: ("is not a property unit number of 28 characters", "不是28位不动产单元号"),
    FaultReason.IDENTIFIER_FORM: ("is not an identifier by GB/T 36904", "不是GB/T 36904规定的电子证照标识"),
    FaultReason.TAXPAYER_ID_FORM: ("is not a taxpayer id of 6 to 20 characters", "不是6至20位纳税人识别号"),
    FaultReason.TAXPAYER_ID_CHECK: ("has a wrong check character for a taxpayer id", "纳税人识别号校验位有误"),
    FaultReason.ID_TYPE_FORM: ("is not a code of an id type, such as 111", "不是证件类型代码，如111"),
    FaultReason.ID_NUMBER_FORM: ("is not an id number of 1 to 32 printable characters", "不是1至32位可打印证件号码"),
    FaultReason.NOT_A_LIST: ("is not a list, written as JSON", "不是以JSON书写的列表"),
    FaultReason.NOT_A_PERSON: ("is not a person with name and id_number", "不是含name和id_number的人员记录"),
    FaultReason.NOT_A_RECORD: ("is not a record of plain values", "不是由普通值构成的记录"),
    FaultReason.NOT_A_DOCUMENT: ("is not a document's hash, type and size", "不是文件的哈希值、类型与大小"),
    FaultReason.LEGACY_NOT_ALLOWED: ("is not old enough for a legacy record", "不属于可按历史记录签发的时期"),
}


def fault(field: str, error: UnreadableValue) -> Fault:
    """Say a fault of `field` in words; the place within a list goes before them, a bound or an earlier date behind."""
    en, zh = _WORDS[error.reason]
    if error.reason is FaultReason.OUT_OF_RANGE:
        return Fault(field=field, reason=error.reason, en=f"{en}: {error.member}", zh=f"{zh}：{error.member}")
    if error.reason is FaultReason.DATES_OUT_OF_ORDER:
        return Fault(field=field, reason=error.reason, en=f"{en} {error.member}", zh=f"{zh} {error.member}")
    place = f"{error.member} " if error.member else ""
    return Fault(field=field, reason=error.reason, en=place + en, zh=place + zh)
