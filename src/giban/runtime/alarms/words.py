"""The words of messages, in English and Korean."""

from __future__ import annotations

WORDS = {
    "firing": ("firing", "발생"),
    "update": ("changed", "변경"),
    "resolved": ("resolved", "해소"),
    "digest": ("while it was quiet", "조용한 시간 동안의 알림"),
    "escalation": ("nobody has acknowledged yet", "아직 확인한 사람이 없습니다"),
    "reminder": ("still firing", "계속 발생 중"),
    "announcement": ("note", "공지"),
    "acknowledged": ("acknowledged", "확인됨"),
    "event": ("happened", "발생"),
    "service": ("Service", "서비스"),
    "resource": ("Resource", "리소스"),
    "region": ("Region", "리전"),
    "value": ("Value", "값"),
    "threshold": ("threshold", "임계값"),
    "since": ("Since", "시작"),
    "do": ("What to do", "조치"),
    "console": ("Console", "콘솔"),
    "runbook": ("Runbook", "런북"),
    "acknowledge": ("Acknowledge", "확인"),
    "more": ("and {n} more", "외 {n}건"),
    "by": ("by {who}", "{who}"),
    "chart": ("The last hours", "최근 추이"),
    "ack_title": ("Acknowledge an alarm", "알람 확인"),
    "ack_question": (
        "Whoever acknowledges takes care of it: the escalation stops.",
        "확인하면 담당하는 것으로 보고, 추가 호출이 중단됩니다.",
    ),
    "ack_done": ("Acknowledged. Thank you.", "확인했습니다. 감사합니다."),
    "ack_over": (
        "This alarm is over already; there is nothing to acknowledge.",
        "이미 끝난 알람입니다. 확인할 것이 없습니다.",
    ),
    "ack_wrong": (
        "This link is not valid, or its time is over. Look for the latest message.",
        "유효하지 않거나 만료된 링크입니다. 최신 메시지를 확인하세요.",
    ),
    "ack_busy": ("That did not work; try again in a moment.", "처리하지 못했습니다. 잠시 후 다시 시도하세요."),
}
"""Key to English and Korean."""


def word(language: str, key: str, **values: object) -> str:
    """The words of a key; a key without words is returned as it is. Languages other than `ko` are English."""
    found = WORDS.get(key)
    return (found[language == "ko"] if found else key).format(**values)
