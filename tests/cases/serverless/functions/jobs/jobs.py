"""What is done without anybody waiting for it."""


def parse(event: object, context: object) -> None:
    return None


def work(event: object, context: object) -> dict[str, object]:
    return {"batchItemFailures": []}


def bury(event: object, context: object) -> None:
    return None


def watch(event: object, context: object) -> None:
    return None
