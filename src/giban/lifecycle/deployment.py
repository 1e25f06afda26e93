"""One blueprint on one target: its roots written, initialised and ready for Terraform."""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec

from giban.graph.stack import Stack
from giban.lifecycle.pipeline import Compiled
from giban.lifecycle.targets import OVERRIDE, Say, Target
from giban.lifecycle.workspace import Workspace
from giban.terraform.aws import code_of, from_aws
from giban.terraform.backend import StateSettings, Step, create_state_bucket, read_settings
from giban.terraform.documents import PROVIDER_VERSION, Files, render, stack_documents
from giban.terraform.events import Event
from giban.terraform.find import Engine, find_engine
from giban.terraform.providers import find_providers
from giban.terraform.run import Terraform

PLAN_FILE = "giban.plan"

Listener = Callable[[Event], None]


class Deployment:
    """A compiled blueprint on a target. `say` gets sentences for the user."""

    def __init__(self, compiled: Compiled, target: Target, workspace: Workspace, say: Say) -> None:
        self.compiled = compiled
        self.target = target
        self.workspace = workspace
        self.say = say
        self._engine: Engine | None = None
        self._cli_config = ""

    @property
    def stacks(self) -> list[Stack]:
        """The roots in the order they are applied."""
        return self.compiled.graph.stacks

    @property
    def engine(self) -> Engine:
        """Terraform or OpenTofu. Raises EngineMissing."""
        if self._engine is None:
            self._engine = find_engine()
            providers = find_providers(self._engine, PROVIDER_VERSION)
            self._cli_config = providers.write(os.path.join(self.workspace.base, "terraform"), self._engine)
        return self._engine

    def state_settings(self) -> StateSettings:
        """Where the state is, from what the documents say."""
        stack = self.stacks[-1]
        settings = read_settings(stack.backend or {}, dict(sorted(stack.tags.items())))
        return msgspec.structs.replace(settings, tls_only=self.target.tls_only)

    def start(self) -> None:
        """Make the target ready."""
        self.target.start(self.stacks[-1].region or "us-east-1", self.say)

    def state_exists(self) -> bool:
        """Whether the state bucket is there. Raises OutsideWorld when nobody can say (no network, no credentials)."""
        from botocore.exceptions import BotoCoreError, ClientError

        settings = self.state_settings()
        try:
            self.target.clients(settings.region)("s3").head_bucket(Bucket=settings.bucket)
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchBucket"):
                return False
            raise from_aws(error) from error
        except BotoCoreError as error:
            raise from_aws(error) from error
        return True

    def create_state(self) -> list[Step]:
        """Make sure that the state bucket is there and as it should be."""
        settings = self.state_settings()
        return create_state_bucket(self.target.clients(settings.region), settings)

    def terraform(self, stack: Stack, listen: Listener | None = None, extra: Files | None = None) -> Terraform:
        """Write a root's documents and return Terraform for it. `extra` are further files, such as an override."""
        engine = self.engine
        files = stack_documents(stack)
        override = self.target.override(stack)
        if override is not None:
            files[OVERRIDE] = render(override)
        self.workspace.write(stack.key, {**files, **(extra or {})})
        return Terraform(
            engine,
            self.workspace.root(stack.key),
            self.target.environment(self._cli_config),
            listen=listen,
            resources=stack.resources,
        )
