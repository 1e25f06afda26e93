"""Who is in the database."""


def handle(event: object, context: object) -> dict[str, object]:
    return {"statusCode": 200}


def hello(event: object, context: object) -> dict[str, object]:
    return {"statusCode": 200}
