"""What the codes of this room's events mean, in English and Korean; the others are power's."""

from __future__ import annotations

from ..power.words import why_text

WHYS = {
    "auto_stop_on": ("Auto-stop was switched on.", "자동 종료를 켰습니다."),
    "auto_stop_off": ("Auto-stop was switched off.", "자동 종료를 껐습니다."),
    "generated": ("A new password was generated.", "새 비밀번호를 생성했습니다."),
    "given": ("A new password was given.", "새 비밀번호를 입력했습니다."),
    "code_made": ("A pairing code was made.", "등록 코드를 만들었습니다."),
    "code_and_password": ("Code and one-time password were right.", "코드와 일회용 비밀번호가 확인되었습니다."),
    "wrong_pairing": (
        "A pairing with a wrong or used code or one-time password was refused.",
        "코드나 일회용 비밀번호가 틀렸거나 이미 사용되어 등록을 거부했습니다.",
    ),
    "locked": ("Too many failures.", "실패가 너무 많았습니다."),
    "replay": ("A report was received a second time.", "같은 보고가 두 번 들어왔습니다."),
    "revoked": ("The device may not ask any more.", "이 기기는 더 이상 사용할 수 없습니다."),
    "signed_out": ("The device signed out.", "기기에서 로그아웃했습니다."),
    "totp_shown": ("The secret of the one-time passwords was shown.", "일회용 비밀번호의 비밀 키를 표시했습니다."),
    "totp_rotated": (
        "The secret of the one-time passwords was replaced.",
        "일회용 비밀번호의 비밀 키를 교체했습니다.",
    ),
}


def text_of(why: str) -> tuple[str, str]:
    """A code in English and Korean; what a person wrote is returned as it is."""
    return WHYS.get(why) or why_text(why)
