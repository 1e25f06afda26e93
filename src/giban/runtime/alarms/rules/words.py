"""The words of alerts that have no words of their own, in English and Korean; and what to do about them."""

from __future__ import annotations

TITLES = {
    "instance-stopped": ("Instance {id} stopped", "인스턴스 {id}가 중지되었습니다"),
    "instance-terminated": ("Instance {id} was terminated", "인스턴스 {id}가 종료(삭제)되었습니다"),
    "instance-replaced": ("Instance {id} failed and is replaced", "인스턴스 {id}에 이상이 있어 교체됩니다"),
    "spot-interruption": (
        "AWS takes spot instance {id} back in two minutes",
        "AWS가 2분 안에 스팟 인스턴스 {id}를 회수합니다",
    ),
    "spot-rebalance": ("Spot instance {id} may be taken back soon", "스팟 인스턴스 {id}가 곧 회수될 수 있습니다"),
    "launch-failed": ("{id} cannot start instances", "{id}에서 인스턴스를 시작하지 못했습니다"),
    "terminate-failed": ("{id} cannot terminate instances", "{id}에서 인스턴스를 종료하지 못했습니다"),
    "rds-failover": ("Database {id}: failover", "데이터베이스 {id}: 장애 조치(failover)"),
    "rds-failure": ("Database {id} failed", "데이터베이스 {id}에 장애가 발생했습니다"),
    "rds-storage": ("Database {id} runs out of storage", "데이터베이스 {id}의 저장 공간이 부족합니다"),
    "rds-availability": ("Database {id}: availability changed", "데이터베이스 {id}: 가용성 변경"),
    "rds-event": ("Database {id}: {text}", "데이터베이스 {id}: {text}"),
    "pipeline-failed": ("Pipeline {id} failed", "파이프라인 {id} 실패"),
    "build-failed": ("Build {id} failed", "빌드 {id} 실패"),
    "deployment-failed": ("Deployment of {id} failed", "{id} 배포 실패"),
    "task-stopped": ("A task of {id} stopped", "{id}의 태스크가 중지되었습니다"),
    "certificate-expiring": (
        "The certificate of {id} expires in {days} days",
        "{id} 인증서가 {days}일 후 만료됩니다",
    ),
    "certificate-expired": ("The certificate of {id} has expired", "{id} 인증서가 만료되었습니다"),
    "certificate-renewal": (
        "The certificate of {id} needs somebody for its renewal",
        "{id} 인증서 갱신에 조치가 필요합니다",
    ),
    "health-issue": ("AWS has a problem with {id}: {text}", "AWS {id} 장애: {text}"),
    "health-change": ("AWS plans a change of {id}: {text}", "AWS {id} 변경 예정: {text}"),
    "health-notice": ("AWS on {id}: {text}", "AWS {id} 알림: {text}"),
    "event": ("{id}", "{id}"),
    "log": ("{pattern} in the log of {service}", "{service} 로그에 {pattern} 발생"),
    "budget": (
        "Budget {name}: {amount} of {limit} are spent",
        "예산 {name}: {limit} 중 {amount} 사용",
    ),
    "budget-forecast": (
        "Budget {name}: {amount} of {limit} are expected by the end of the month",
        "예산 {name}: 월말 예상 {amount} (한도 {limit})",
    ),
}
"""Name of an alert to its title."""

DO = {
    "instance-stopped": (
        "Look in CloudTrail (StopInstances) who stopped it: the event itself does not say. Start it again when nobody meant to.",
        "이벤트에는 누가 중지했는지 나오지 않습니다. CloudTrail(StopInstances)에서 확인하고, 의도한 것이 아니면 다시 시작하세요.",
    ),
    "instance-terminated": (
        "Look in CloudTrail (TerminateInstances) who did it: the event itself does not say. A group replaces it by itself; "
        "a single instance comes back with `giban up`.",
        "이벤트에는 누가 종료했는지 나오지 않습니다. CloudTrail(TerminateInstances)에서 확인하세요. "
        "그룹은 자동으로 대체되며, 단일 인스턴스는 `giban up`으로 복구합니다.",
    ),
    "instance-replaced": (
        "Look at the application's log from before; when it happens again and again, at what was delivered last.",
        "교체 전의 애플리케이션 로그를 확인하세요. 반복되면 마지막 배포를 확인하세요.",
    ),
    "spot-interruption": (
        "It drains by itself; look whether the group found another one.",
        "자동으로 연결을 정리합니다. 그룹이 대체 인스턴스를 확보했는지 확인하세요.",
    ),
    "launch-failed": (
        "The text says why: mostly no capacity, a limit, or an image or key that is gone.",
        "원인은 본문에 있습니다. 대개 용량 부족, 한도 초과, 또는 삭제된 이미지나 키입니다.",
    ),
    "rds-failover": (
        "Look whether the applications have connected again, and why it happened.",
        "애플리케이션이 다시 연결되었는지, 왜 발생했는지 확인하세요.",
    ),
    "rds-failure": (
        "Open the database in the console; when it does not come back, restore it from a snapshot.",
        "콘솔에서 데이터베이스를 확인하고, 복구되지 않으면 스냅샷에서 복원하세요.",
    ),
    "rds-storage": ("Raise the storage of the database.", "데이터베이스 저장 공간을 늘리세요."),
    "pipeline-failed": ("Open the failed stage.", "실패한 단계를 확인하세요."),
    "build-failed": ("Open the log of the build.", "빌드 로그를 확인하세요."),
    "deployment-failed": ("Look why its instances are not healthy.", "인스턴스가 정상 상태가 아닌 이유를 확인하세요."),
    "task-stopped": ("Look at the exit code and the last lines of its log.", "종료 코드와 마지막 로그를 확인하세요."),
    "certificate-expiring": (
        "ACM renews by itself while the validation record is in DNS: look whether it is.",
        "검증 레코드가 DNS에 있으면 ACM이 자동으로 갱신합니다. 레코드를 확인하세요.",
    ),
    "certificate-expired": ("Issue a new certificate.", "새 인증서를 발급하세요."),
    "certificate-renewal": (
        "Put the validation record back into DNS, or confirm by e-mail.",
        "검증 레코드를 DNS에 다시 등록하거나 이메일로 확인하세요.",
    ),
    "budget": (
        "See which service grew: `giban cost`, or Cost Explorer by service.",
        "어떤 서비스 비용이 늘었는지 `giban cost` 또는 Cost Explorer에서 확인하세요.",
    ),
}
"""Name of an alert to what to do; not every one has something to do."""


def title(language: str, name: str, /, **values: object) -> str:
    """The title of an alert; Korean for `ko`, else English."""
    return TITLES[name][language == "ko"].format(**values)


def do(language: str, name: str) -> str:
    """What to do; "" when there is nothing general to say."""
    found = DO.get(name)
    return found[language == "ko"] if found else ""
