"""What a workstation's host runs: scripts that are read, a volume that is never formatted twice, a token on no disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from giban.components import workstation_boot
from giban.lifecycle.export import export
from giban.lifecycle.pipeline import compile_blueprint
from giban.rehearsal.process import Rehearsal

REPOSITORY = Path(__file__).parents[2]
FILES = Path(workstation_boot.__file__).parent / "files" / "workstation"
SHELL = sorted(path.name for path in FILES.glob("*.sh"))
PYTHON = sorted(path.name for path in FILES.iterdir() if path.suffix == "")
REGION = "ap-northeast-2"


def test_every_file_is_known() -> None:
    assert {*SHELL, *PYTHON} == {*workstation_boot.OWN_FILES, workstation_boot.MEASURE, "start.sh"}


@pytest.mark.parametrize("name", SHELL)
def test_bash_reads_the_scripts(name: str) -> None:
    answer = subprocess.run(["bash", "-n", str(FILES / name)], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("name", PYTHON)
def test_python_reads_the_tools(name: str) -> None:
    compile((FILES / name).read_text(), name, "exec")


def test_what_start_fetches_with_is_python() -> None:
    text = (FILES / "start.sh").read_text()
    compile(text.split("<<'SCRIPT'\n")[1].split("\nSCRIPT\n")[0], "fetch", "exec")
    editor = (FILES / "editor.sh").read_text()
    compile(editor.split("<<'PYTHON'")[1].split("\n", 1)[1].split("\nPYTHON\n")[0], "workspace", "exec")


def test_downloads_are_pinned_and_checked() -> None:
    text = (FILES / "install.sh").read_text()
    assert text.count("_SUM=") == 8, "four programs for two processors"
    assert all(len(line.split("=")[1]) == 64 for line in text.splitlines() if "_SUM=" in line)
    fetched = [line for line in text.splitlines() if "https://" in line]
    assert len(fetched) == 4
    assert all(line.strip().startswith("download ") for line in fetched)
    assert not any("http://" in (FILES / name).read_text().replace("http://127.0.0.1", "") for name in SHELL)


# --- the home volume ---------------------------------------------------------------------------


def image(path: Path, megabytes: int = 64) -> Path:
    with path.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    return path


def prepare(volume: Path) -> subprocess.CompletedProcess[str]:
    script = f"set -euo pipefail; . {FILES / 'home.sh'}; prepare_home {volume}"
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    environment = {**os.environ, "PATH": path}
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env=environment)


def kind(volume: Path) -> str:
    command = [
        shutil.which("blkid", path="/usr/sbin:/sbin:/usr/bin") or "blkid",
        "-p",
        "-o",
        "value",
        "-s",
        "TYPE",
        str(volume),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def test_a_blank_volume_gets_a_file_system_once(tmp_path: Path) -> None:
    volume = image(tmp_path / "blank")
    assert prepare(volume).returncode == 0
    assert kind(volume) == "ext4"
    before = volume.read_bytes()
    assert prepare(volume).returncode == 0
    assert volume.read_bytes() == before, "the second boot changes nothing"


def written_at(position: int, what: bytes) -> Callable[[Path], None]:
    def write(volume: Path) -> None:
        with volume.open("r+b") as file:
            file.seek(position)
            file.write(what)

    return write


MBR = bytes(446) + bytes([0x80, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x40, 0, 0]) + bytes(48) + b"\x55\xaa"
FOREIGN = {
    "a partition table": written_at(0, MBR),
    "LUKS": written_at(0, b"LUKS\xba\xbe\x00\x02" + bytes(500)),
    "xfs": written_at(0, b"XFSB\x00\x00\x10\x00" + bytes(500)),
    "one byte that nobody knows": written_at(9_000_000, b"x"),
    "text at the beginning": written_at(0, b"hello"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_volume_with_anything_on_it_is_left_alone(what: str, tmp_path: Path) -> None:
    volume = image(tmp_path / "volume")
    FOREIGN[what](volume)
    before = volume.read_bytes()
    answer = prepare(volume)
    assert answer.returncode != 0
    assert "left as it is" in answer.stderr
    assert volume.read_bytes() == before


# --- secrets, on an emulated Secrets Manager -----------------------------------------------------------------------------------


class Machine:
    """A folder that stands for the root of a host's file system, and tools that are called on it."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment
        for folder in ("etc/giban", "opt/giban/current", "run/giban", "bin"):
            (root / folder).mkdir(parents=True)

    def tool(self, name: str, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
        text = (FILES / name).read_text()
        for folder in ("/etc/giban", "/opt/giban", "/run/giban"):
            text = text.replace(folder, str(self.root) + folder)
        script = self.root / name
        script.write_text(text)
        return subprocess.run(
            [sys.executable, str(script), *words],
            input=said,
            capture_output=True,
            text=True,
            check=False,
            env={**self.environment, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"},
        )

    def program(self, name: str, script: str) -> None:
        """A program that the tools call."""
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment in which AWS clients reach the emulator."""
    made = Rehearsal(str(tmp_path_factory.mktemp("rehearsal")))
    running = made.start(REGION)
    yield {
        "AWS_ENDPOINT_URL": running.url("moto"),
        "MINISTACK": running.url("ministack"),
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_SESSION_TOKEN": running.token,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    made.stop()


@pytest.fixture
def machine(account: dict[str, str], tmp_path: Path) -> Machine:
    return Machine(tmp_path, account)


@pytest.fixture
def store(account: dict[str, str]) -> Any:
    return boto3.client(
        "secretsmanager",
        region_name=REGION,
        endpoint_url=account["AWS_ENDPOINT_URL"],
        aws_access_key_id=account["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=account["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=account["AWS_SESSION_TOKEN"],
    )


ASKED = "protocol=https\nhost=github.com\npath=acme/app.git\n\n"


@pytest.mark.parametrize(
    ("value", "login"),
    [
        ("ghx-plain-text\n", "username=oauth2\npassword=ghx-plain-text\n"),
        ('{"username": "kim", "password": "ghx-json"}', "username=kim\npassword=ghx-json\n"),
        ('{"token": "ghx-token"}', "username=oauth2\npassword=ghx-token\n"),
        ("123456", "username=oauth2\npassword=123456\n"),
    ],
)
def test_git_gets_the_token_from_the_secret(value: str, login: str, machine: Machine, store: Any) -> None:
    name = store.create_secret(Name=f"acme/{abs(hash(value))}", SecretString=value)["Name"]
    (machine.root / "etc/giban/git").write_text(
        f"REGION={REGION}\nGIT_SECRET={name}\nGIT_HOSTS=github.com gitlab.com\n"
    )
    answer = machine.tool("git-credential-giban", "get", said=ASKED)
    assert (answer.stdout, answer.returncode) == (login, 0), answer.stderr


@pytest.mark.parametrize(
    ("word", "asked"),
    [
        ("get", ASKED.replace("github.com", "evil.example.com")),
        ("get", ASKED.replace("https", "http")),
        ("get", ""),
        ("store", ASKED + "password=x\n"),
        ("erase", ASKED),
    ],
)
def test_nobody_else_gets_it(word: str, asked: str, machine: Machine) -> None:
    (machine.root / "etc/giban/git").write_text(f"REGION={REGION}\nGIT_SECRET=not/there\nGIT_HOSTS=github.com\n")
    answer = machine.tool("git-credential-giban", word, said=asked)
    assert (answer.stdout, answer.returncode) == ("", 0), answer.stderr


def host_settings(machine: Machine, arn: str) -> None:
    text = f"FILES='a b'\nREGION='{REGION}'\nHOST_SECRET='{arn}'\nREPOSITORIES='app https://github.com/acme/app.git\nb https://x'\n"
    (machine.root / "opt/giban/current/settings").write_text(text)


def test_a_host_waits_until_its_secret_has_a_value(machine: Machine, store: Any) -> None:
    arn = store.create_secret(Name=f"host/{machine.root.name}")["ARN"]
    host_settings(machine, arn)
    assert machine.tool("host-secret", "key").returncode == 1
    assert list((machine.root / "run/giban").iterdir()) == []
    store.put_secret_value(SecretId=arn, SecretString=json.dumps({"agent_key": "ab" * 32, "password": "p"}))
    assert machine.tool("host-secret", "key").returncode == 0
    key = machine.root / "run/giban/agent.key"
    assert key.read_text() == "ab" * 32 + "\n"
    assert key.stat().st_mode & 0o777 == 0o600


def test_the_password_is_hashed_and_on_no_command_line(machine: Machine, store: Any) -> None:
    password = "correct $horse 'battery\" staple"
    arn = store.create_secret(
        Name=f"host/{machine.root.name}", SecretString=json.dumps({"agent_key": "00", "password": password})
    )["ARN"]
    host_settings(machine, arn)
    seen = machine.root / "seen"
    machine.program("argon2", f'printf "%s\\n" "$*" >{seen}.words; cat >{seen}.input; echo \'$argon2id$v=19$hash\'')
    machine.program("systemctl", f'printf "%s\\n" "$*" >{seen}.systemctl')
    answer = machine.tool("host-secret", "password")
    assert answer.returncode == 0, answer.stderr
    assert (machine.root / "run/giban/code-server.env").read_text() == "HASHED_PASSWORD='$argon2id$v=19$hash'\n"
    assert Path(f"{seen}.input").read_text() == password
    assert password not in Path(f"{seen}.words").read_text()
    assert Path(f"{seen}.systemctl").read_text() == "restart code-server.service\n"


def test_a_rebuilt_host_has_the_same_tunnel(machine: Machine, store: Any) -> None:
    arn = store.create_secret(Name=f"vpn/{machine.root.name}")["ARN"]
    host_settings(machine, arn)
    machine.program(
        "wg", '[ "$1" = genkey ] && head -c 32 /dev/urandom | base64 || { read -r key; echo "public-$key"; }'
    )
    first = machine.tool("host-secret", "tunnel", arn)
    assert first.returncode == 0, first.stderr
    assert machine.tool("host-secret", "tunnel", arn).stdout == first.stdout
    kept = json.loads(store.get_secret_value(SecretId=arn)["SecretString"])
    assert kept == {"private_key": first.stdout.strip(), "public_key": f"public-{first.stdout.strip()}"}


# --- what is fetched and written at each boot ----------------------------------------------------------------------------------


def inner(name: str, mark: str) -> str:
    """A program that stands inside of a script."""
    return (FILES / name).read_text().split(f"<<'{mark}'")[1].split("\n", 1)[1].split(f"\n{mark}\n")[0]


def test_every_boot_fetches_what_the_bucket_has(account: dict[str, str], machine: Machine) -> None:
    s3 = boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=account["MINISTACK"],
        aws_access_key_id=account["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=account["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=account["AWS_SESSION_TOKEN"],
    )
    s3.create_bucket(Bucket="artifacts-1", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="artifacts-1", Key="workstations/dev/settings", Body=b"FILES='a.sh b'\nNAME='dev'\n")
    s3.put_object(Bucket="artifacts-1", Key="workstations/boot/a.sh", Body=b"one")
    s3.put_object(Bucket="artifacts-1", Key="workstations/boot/b", Body=b"two")
    here = machine.root / "opt/giban"
    (here / "current").rmdir()
    for name, value in (("name", "dev"), ("region", REGION), ("bucket", "artifacts-1")):
        (here / name).write_text(f"{value}\n")
    text = (
        inner("start.sh", "SCRIPT").replace("/opt/giban", str(here)).replace("time.sleep(", "(lambda _seconds: None)(")
    )

    def fetch() -> dict[str, str]:
        environment = {**account, "AWS_ENDPOINT_URL": account["MINISTACK"], "PATH": os.environ["PATH"]}
        answer = subprocess.run(
            [sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stderr
        return {path.name: path.read_text() for path in sorted((here / "current").iterdir())}

    assert fetch() == {"a.sh": "one", "b": "two", "settings": "FILES='a.sh b'\nNAME='dev'\n"}
    s3.put_object(Bucket="artifacts-1", Key="workstations/dev/settings", Body=b"FILES='b'\n")
    assert fetch() == {"b": "two", "settings": "FILES='b'\n"}
    s3.delete_object(Bucket="artifacts-1", Key="workstations/boot/b")
    assert fetch() == {"b": "two", "settings": "FILES='b'\n"}, "half of it is worse than the last whole"


def test_the_workspace_keeps_what_the_developer_wrote(tmp_path: Path) -> None:
    path = tmp_path / "dev.code-workspace"

    def write(*folders: str) -> int:
        listed = "\n".join(f"{folder} https://github.com/acme/{folder}.git" for folder in folders)
        program = inner("editor.sh", "PYTHON")
        return subprocess.run(
            [sys.executable, "-c", program, str(path), listed], capture_output=True, check=False
        ).returncode

    assert write("app") == 0
    assert json.loads(path.read_text())["folders"] == [{"path": "app"}]
    path.write_text('{"folders": [{"path": "mine"}, {"path": "app"}], "settings": {"editor.tabSize": 2}}')
    assert write("app", "lib") == 0
    assert json.loads(path.read_text()) == {
        "folders": [{"path": "mine"}, {"path": "app"}, {"path": "lib"}],
        "settings": {"editor.tabSize": 2},
    }
    path.write_text('{"folders": [], // a comment of mine\n}')
    assert write("app") != 0
    assert "a comment of mine" in path.read_text()
    path.unlink()
    assert write() == 0
    assert json.loads(path.read_text())["folders"] == [{"path": "."}]


# --- the image ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["workstation", "workstation-vpn"])
def test_packer_accepts_the_template(case: str, tmp_path: Path) -> None:
    """Debian's Packer, which knows the Amazon builder and not the block of plugins: that one stands in a file of its own."""
    packer = shutil.which("packer")
    assert packer is not None, "packer is missing: run `make system`"
    environment = "dev" if case.endswith("vpn") else None
    compiled = compile_blueprint(str(REPOSITORY / "tests" / "cases" / case / "giban.yaml"), environment)
    folder = tmp_path / "out" / export(compiled, str(tmp_path / "out")).roots[-1]
    templates = sorted((folder / "packer").glob("*.pkr.hcl"))
    assert [path.name for path in templates][-1] == "plugins.pkr.hcl"
    assert len(templates) == len(compiled.blueprint.workstations) + 1
    child = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}
    child |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true"}
    for template in templates[:-1]:
        answer = subprocess.run(
            [packer, "validate", str(template)], cwd=folder, env=child, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert "@" not in template.read_text(encoding="utf-8"), "a place that was not filled in"
