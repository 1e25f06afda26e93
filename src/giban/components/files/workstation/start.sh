# The first boot of a workstation, on Ubuntu. The lines before this one set: NAME, REGION, BUCKET.
# What it is lies in the bucket and is fetched at this and every later boot: a change needs a stop and a start, no new machine.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
# The fixed address arrives a moment after the host does.
until python3 -c 'import boto3' 2>/dev/null; do
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-boto3; } || sleep 5
done

install -d -m 0755 /opt/giban
printf '%s\n' "$NAME" >/opt/giban/name
printf '%s\n' "$REGION" >/opt/giban/region
printf '%s\n' "$BUCKET" >/opt/giban/bucket

cat >/opt/giban/fetch <<'SCRIPT'
#!/usr/bin/python3
"""Fetch settings and scripts of this workstation, all or none. Without the bucket the last ones serve again."""
import os
import shutil
import sys
import time

import boto3
from botocore.config import Config

CURRENT, NEW, OLD = "/opt/giban/current", "/opt/giban/new", "/opt/giban/old"


def line(name):
    with open("/opt/giban/" + name) as file:
        return file.read().strip()


def setting(text, key):
    found = [line for line in text.splitlines() if line.startswith(key + "=")]
    return found[0].partition("=")[2].strip("'")


def fetch(bucket, name):
    shutil.rmtree(NEW, ignore_errors=True)
    os.mkdir(NEW, 0o755)
    wanted = [("settings", "workstations/%s/settings" % name)]
    while wanted:
        file, key = wanted.pop()
        body = bucket.get_object(Bucket=line("bucket"), Key=key)["Body"].read()
        with open(os.path.join(NEW, file), "wb") as opened:
            opened.write(body)
        if file == "settings":
            wanted += [(each, "workstations/boot/" + each) for each in setting(body.decode(), "FILES").split()]
    shutil.rmtree(OLD, ignore_errors=True)
    if os.path.isdir(CURRENT):
        os.rename(CURRENT, OLD)
    os.rename(NEW, CURRENT)


# The role is usable some seconds after the host is there, and the objects are written beside it.
patience = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3})
for attempt in range(1, 100):
    try:
        client = boto3.client("s3", region_name=line("region"), config=patience)
        fetch(client, line("name"))
        sys.exit(0)
    except Exception as error:
        print("Attempt %d: %s" % (attempt, error), file=sys.stderr)
        if attempt >= 6 and os.path.isdir(CURRENT):
            print("Going on with the scripts of the last start.", file=sys.stderr)
            sys.exit(0)
        time.sleep(min(5 * attempt, 30))
sys.exit(1)
SCRIPT
chmod 0755 /opt/giban/fetch

cat >/etc/systemd/system/giban-workstation.service <<'UNIT'
[Unit]
Description=Become this workstation
Wants=network-online.target
After=network-online.target docker.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStartPre=/opt/giban/fetch
ExecStart=/bin/bash /opt/giban/current/configure.sh
TimeoutStartSec=infinity
Restart=on-failure
RestartSec=20

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now --no-block giban-workstation.service
