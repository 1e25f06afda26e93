"""What codes mean, in English and Korean: reasons of decisions, what changed them, notices, signals, events."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .decide import Change, Decision

REASONS = {
    "max_uptime": ("It has been up for as long as is allowed.", "허용된 최대 가동 시간을 넘었습니다."),
    "ssh": ("An SSH session is open.", "SSH 세션이 열려 있습니다."),
    "reserved": ("A stop is reserved; it stays on until then.", "종료가 예약되어 있어 그때까지 켜 둡니다."),
    "lease": ("Somebody asked to keep it on.", "켜 두기로 한 시간이 남아 있습니다."),
    "reservation_reached": ("The reserved time has come.", "예약한 종료 시각이 되었습니다."),
    "auto_stop_off": ("Auto-stop is switched off.", "자동 종료가 꺼져 있습니다."),
    "idle": ("Nobody has used it for a while.", "한동안 아무도 사용하지 않았습니다."),
    "active": ("It is in use.", "사용 중입니다."),
    "asked": ("Somebody asked for this.", "사용자가 요청했습니다."),
    "schedule": ("The schedule started it.", "일정에 따라 시작했습니다."),
    "started_outside": ("It was started outside of giban.", "giban 밖에서 시작되었습니다."),
    "stopped_outside": ("It was stopped outside of giban.", "giban 밖에서 종료되었습니다."),
    "shut_down_inside": ("It was shut down from inside.", "내부에서 종료(shutdown)되었습니다."),
    "aws_maintenance": ("AWS stopped it for maintenance.", "AWS가 유지 보수를 위해 종료했습니다."),
    "spot_interrupted": ("AWS took the spot instance back.", "AWS가 스팟 인스턴스를 회수했습니다."),
    "gone": ("The machine is gone.", "인스턴스가 없습니다."),
    "reservation_old": ("A reservation of an earlier boot was dropped.", "이전 부팅 때의 예약을 지웠습니다."),
    "capacity": ("AWS has no room for this size.", "AWS에 이 크기의 여유 용량이 없습니다."),
}
"""Code to English and Korean: of decisions, of what is wanted (`why`), and of events."""

CHANGES = {
    "max_uptime": (
        "The maximum uptime is reached: it stops, whatever else holds.",
        "최대 가동 시간에 도달하여 무조건 종료합니다.",
    ),
    "agent_silent": (
        "The agent is silent; the server decides by its last report.",
        "에이전트가 응답하지 않아 마지막 보고를 기준으로 서버가 판단합니다.",
    ),
    "ssh": ("An open SSH session keeps it on.", "열린 SSH 세션 때문에 켜 둡니다."),
    "reserved": ("A reserved stop keeps it on until then.", "예약된 종료 시각까지 켜 둡니다."),
    "reservation_held": (
        "The reserved time has come, but an SSH session is open.",
        "예약 시각이 지났지만 SSH 세션이 열려 있습니다.",
    ),
    "reservation_reached": ("The reserved time has come.", "예약한 종료 시각이 되었습니다."),
    "reservation_old": ("A reservation made before this boot does not count.", "이번 부팅 전의 예약은 무시합니다."),
    "lease": ("Kept on: {source}", "켜 두기: {source}"),
    "auto_stop_off": (
        "Auto-stop is switched off; the maximum uptime still holds.",
        "자동 종료가 꺼져 있습니다. 최대 가동 시간은 적용됩니다.",
    ),
    "tab_capped": (
        "A browser tab is open, but nobody has touched it for too long to count.",
        "브라우저 탭이 열려 있지만 오래 사용하지 않아 활동으로 보지 않습니다.",
    ),
}
"""What changed an outcome."""

SIGNALS = {
    "boot": ("It has just started.", "방금 시작했습니다."),
    "asked": ("Somebody asked for it.", "누군가 켜 달라고 했습니다."),
    "ssh": ("Last used over SSH.", "마지막 활동: SSH."),
    "interacting": ("Last used in the IDE.", "마지막 활동: IDE 사용."),
    "terminal": ("Last used in a terminal.", "마지막 활동: 터미널."),
    "working": ("It was working by itself.", "마지막 활동: 실행 중인 작업."),
    "connected": ("A browser is connected.", "브라우저가 연결되어 있습니다."),
}
"""The last activity of `active` and `idle`."""

NOTICES = {
    "capacity": (
        "AWS has no room for {detail} at the moment; it is tried again by itself.",
        "지금 AWS에 {detail} 여유 용량이 없습니다. 자동으로 다시 시도합니다.",
    ),
    "start_failed": (
        "EC2 stopped it while it started ({detail}). Mostly the key of an encrypted volume: it must be enabled, "
        "and the functions' role needs kms:CreateGrant on it.",
        "시작하는 동안 EC2가 종료했습니다({detail}). 대개 암호화된 볼륨의 키 문제입니다. "
        "키가 활성화되어 있고 함수의 역할에 kms:CreateGrant 권한이 있어야 합니다.",
    ),
    "start_stopped_again": (
        "It stopped again after each of several starts ({detail}); not tried any more.",
        "여러 번 시작했지만 매번 다시 종료되었습니다({detail}). 더 시도하지 않습니다.",
    ),
    "start_given_up": (
        "It could not be started for two hours; not tried any more. Start it again when you need it.",
        "두 시간 동안 시작하지 못해 중단했습니다. 필요할 때 다시 시작하세요.",
    ),
    "start_refused": (
        "EC2 refused to start it ({detail}); it is tried again by itself.",
        "EC2가 시작을 거부했습니다({detail}). 자동으로 다시 시도합니다.",
    ),
    "stop_refused": (
        "EC2 refused to stop it ({detail}); it is tried again by itself.",
        "EC2가 종료를 거부했습니다({detail}). 자동으로 다시 시도합니다.",
    ),
    "spot_interruption": (
        "AWS takes this spot instance back within two minutes ({detail}). Save your work.",
        "2분 안에 AWS가 이 스팟 인스턴스를 회수합니다({detail}). 작업을 저장하세요.",
    ),
    "gone": (
        "EC2 has no such machine any more ({detail}). Deploy again to get a new one; the home volume is kept.",
        "EC2에 인스턴스가 없습니다({detail}). 다시 배포하면 새로 만들어지며 홈 볼륨은 유지됩니다.",
    ),
}
"""What people should know; {detail} is a code or name of AWS."""


def decision_text(decision: Decision) -> tuple[str, str]:
    """Why, in English and Korean, with the last activity where idle time decides."""
    english, korean = REASONS[decision.reason]
    if decision.signal in SIGNALS:
        more = SIGNALS[decision.signal]
        return f"{english} {more[0]}", f"{korean} {more[1]}"
    return english, korean


def change_text(change: Change) -> tuple[str, str]:
    """One thing that changed the outcome, in English and Korean."""
    english, korean = CHANGES[change.what]
    return english.format(source=change.source), korean.format(source=change.source)


def notice_text(notice: Mapping[str, Any]) -> tuple[str, str] | None:
    """A notice in English and Korean; None when there is none."""
    if not notice:
        return None
    english, korean = NOTICES[notice["code"]]
    return english.format(detail=notice.get("detail", "")), korean.format(detail=notice.get("detail", ""))


def why_text(code: str) -> tuple[str, str]:
    """A reason code in English and Korean; what a person wrote is returned as it is."""
    found = REASONS.get(code) or NOTICES.get(code)
    return found if found is not None and "{" not in found[0] else (code, code)
