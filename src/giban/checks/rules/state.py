"""Checks of the Terraform state: where it lies, who locks it, who can read it."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.registry import Hit, check
from giban.checks.roots import backend_of, has_backend, roots
from giban.graph.graph import Graph
from giban.graph.resource import Resource


@check("GB086", "warning", fix="Add a backend, for example s3 with use_lockfile.")
def state_is_local(graph: Graph) -> Iterator[Hit]:
    """State is kept on one machine.

    ## What it finds
    A root without a backend. Folders that other roots use as a module, or that lie in a folder `modules`, need none.

    ## Why it matters
    `terraform.tfstate` then lies in the folder of whoever ran `apply`. The next person, or the next CI run, has none and
    plans to make everything a second time; when the laptop is lost, every resource has to be imported by hand.

    ## Example
    ```json
    {"terraform": {"required_version": ">= 1.10"},
     "resource": {"aws_sns_topic": {"alarms": {"name": "alarms"}}}}
    ```
    Use instead:
    ```json
    {"terraform": {"backend": {"s3": {"bucket": "scv-tfstate", "key": "terraform.tfstate",
      "region": "ap-northeast-2", "encrypt": true, "use_lockfile": true}}},
     "resource": {"aws_sns_topic": {"alarms": {"name": "alarms"}}}}
    ```

    ## References
    - https://developer.hashicorp.com/terraform/language/backend/s3
    """
    for stack in roots(graph):
        if not has_backend(stack) and any(resource.mode == "managed" for resource in stack.resources.values()):
            yield backend_of(stack), "The root has no backend: its state lies in the folder of whoever applies it."


@check("GB087", "error", fix="Set use_lockfile to true (Terraform 1.10 and newer), or name a dynamodb_table.")
def state_without_a_lock(graph: Graph) -> Iterator[Hit]:
    """State is not locked.

    ## What it finds
    An S3 backend with neither `use_lockfile` nor `dynamodb_table`.

    ## Why it matters
    Two runs at the same time, a person and CI, both write the state, and the later one forgets what the earlier one made.
    Those resources live on, are paid for, and stand in the way of the next plan.

    ## Example
    ```json
    {"terraform": {"backend": {"s3": {"bucket": "scv-tfstate", "key": "terraform.tfstate"}}}}
    ```
    Use instead:
    ```json
    {"terraform": {"backend": {"s3": {"bucket": "scv-tfstate", "key": "terraform.tfstate", "use_lockfile": true}}}}
    ```

    ## References
    - https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
    """
    for backend in _s3(graph):
        if backend.args.get("use_lockfile") not in (True, "true") and not backend.args.get("dynamodb_table"):
            yield backend, "Two runs at the same time can overwrite each other's state."


@check("GB088", "notice", fix="Set encrypt to true.")
def state_encryption_not_asked_for(graph: Graph) -> Iterator[Hit]:
    """Encryption of the state is not asked for.

    ## What it finds
    An S3 backend without `encrypt`.

    ## Why it matters
    The state holds every attribute, passwords among them. S3 encrypts by default since 2023, but a bucket policy that insists on
    the header, and stores that only speak S3's protocol, need to be asked.

    ## Example
    ```json
    {"terraform": {"backend": {"s3": {"bucket": "scv-tfstate", "key": "terraform.tfstate", "use_lockfile": true}}}}
    ```
    Use instead:
    ```json
    {"terraform": {"backend": {"s3": {"bucket": "scv-tfstate", "key": "terraform.tfstate", "use_lockfile": true,
      "encrypt": true}}}}
    ```

    ## References
    - https://developer.hashicorp.com/terraform/language/backend/s3#encrypt
    """
    for backend in _s3(graph):
        if backend.args.get("encrypt") not in (True, "true"):
            yield backend, "Terraform does not ask for the state to be encrypted."


def _s3(graph: Graph) -> Iterator[Resource]:
    """The S3 backends that are written out. One without a bucket gets its settings at `terraform init`."""
    for stack in graph.stacks:
        if stack.backend is not None and stack.backend.get("bucket"):
            yield backend_of(stack)
