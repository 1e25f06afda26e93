"""`databases` and `buckets`: what keeps data. See `types` for the whole."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from giban.blueprint.section import Section


class Database(Section, frozen=True, kw_only=True):
    """A relational database instance: private, encrypted, TLS only, its password managed by Secrets Manager."""

    engine: Annotated[Literal["postgres", "mysql", "mariadb"], Meta(description="Engine.", examples=["postgres"])]
    version: Annotated[
        str,
        Meta(
            pattern=r"^\d{1,4}(\.\d{1,4}){0,2}$",
            description="Engine version; a major version follows its minor ones.",
            examples=["16"],
        ),
    ]
    instance: Annotated[str, Meta(pattern=r"^db\.", description="Instance class.", examples=["db.t4g.medium"])] = (
        "db.t4g.medium"
    )
    storage: Annotated[int, Meta(ge=20, le=65536, description="Storage in GiB, gp3.", examples=[50])] = 20
    max_storage: (
        Annotated[
            int,
            Meta(
                ge=20,
                le=65536,
                description="Storage may grow by itself up to this. Default: twice `storage`.",
            ),
        ]
        | None
    ) = None
    multi_az: Annotated[
        bool | None,
        Meta(description="A standby in another zone. Default: true in production, false otherwise."),
    ] = None
    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Name of the first database in it.")] = (
        "app"
    )
    username: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,15}$", description="Name of the master user.")] = "giban"
    backup_days: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=35,
                description="Days that automatic backups are kept. Default: 14 in production, 7 otherwise.",
            ),
        ]
        | None
    ) = None
    protect: Annotated[
        bool | None,
        Meta(
            description="Refuse deletion and take a final snapshot. Default: true in production; elsewhere deletion is "
            "possible, the final snapshot is still taken.",
        ),
    ] = None
    parameters: Annotated[
        dict[str, str],
        Meta(description="Further engine parameters.", examples=[{"log_min_duration_statement": "500"}]),
    ] = {}
    was: Annotated[str | None, Meta(description="The name it had before; its name in AWS stays.")] = None


class Bucket(Section, frozen=True, kw_only=True):
    """A private bucket: encrypted, TLS only, versioned."""

    versioning: Annotated[bool, Meta(description="Keep old versions; removed after `keep_old_days`.")] = True
    keep_old_days: Annotated[int, Meta(ge=1, description="Days that replaced and deleted versions are kept.")] = 90
    expire_days: (
        Annotated[
            int,
            Meta(ge=1, description="Delete objects this many days after they were written. Default: never."),
        ]
        | None
    ) = None
    protect: Annotated[bool, Meta(description="Terraform refuses to delete the bucket while something is in it.")] = (
        True
    )
    was: Annotated[str | None, Meta(description="The name it had before; its name in AWS stays.")] = None
