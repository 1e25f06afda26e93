# What an instance does at its first boot. The lines before this one set:
#   SERVICE, REGION, ARTIFACT (s3://bucket/key), COMMAND, HEALTH_PORT, APP_ENV (lines KEY=value),
#   DATABASES (lines NAME=secret ARN). No secret is among them: they are read by the instance's role when the application starts.
set -euo pipefail
export AWS_DEFAULT_REGION=$REGION

id app >/dev/null 2>&1 || useradd --system --home-dir /opt/app --shell /usr/sbin/nologin app
install -d -o app -g app /opt/app
install -d /opt/giban /etc/giban
printf '%s\n' "$APP_ENV" >/etc/giban/app.env
printf '%s\n' "$DATABASES" >/etc/giban/databases
printf '%s\n' "$ARTIFACT" >/etc/giban/artifact

# Waits for the artifact instead of failing: the group may be there before the first delivery.
cat >/opt/giban/fetch <<'SCRIPT'
#!/bin/bash
set -euo pipefail
artifact=$(cat /etc/giban/artifact)
until aws s3 cp --only-show-errors "$artifact" /opt/giban/artifact.tar.gz; do
    echo "No artifact at $artifact yet, trying again in 15 seconds."
    sleep 15
done
rm -rf /opt/giban/unpacked && mkdir /opt/giban/unpacked
tar -xzf /opt/giban/artifact.tar.gz -C /opt/giban/unpacked
chown -R app:app /opt/giban/unpacked
cp -a /opt/giban/unpacked/. /opt/app/
SCRIPT

# Reads where each database is and its password, and writes them to memory, readable by root only:
# systemd hands them to the application as environment variables.
cat >/opt/giban/secrets <<'SCRIPT'
#!/usr/bin/python3
import json
import os
import subprocess

def secret(name):
    command = ["aws", "secretsmanager", "get-secret-value", "--secret-id", name]
    command += ["--query", "SecretString", "--output", "text"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

lines = []
with open("/etc/giban/databases") as databases:
    for line in filter(None, map(str.strip, databases)):
        name, _, arn = line.partition("=")
        place = secret(arn)
        login = secret(place["password_secret"])
        for key in ("engine", "host", "port", "database"):
            lines.append(f"DATABASE_{name}_{key.upper()}={json.dumps(str(place[key]))}")
        for key in ("username", "password"):
            lines.append(f"DATABASE_{name}_{key.upper()}={json.dumps(login[key])}")
descriptor = os.open("/run/giban/secrets.env", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
with os.fdopen(descriptor, "w") as file:
    file.write("\n".join(lines) + "\n")
SCRIPT

# A file of its own: in a unit, systemd would read %, $ and quotes its own way, and take no relative path.
printf '#!/bin/bash\n%s\n' "$COMMAND" >/opt/giban/run
chmod 0755 /opt/giban/fetch /opt/giban/secrets /opt/giban/run

cat >/etc/systemd/system/app.service <<UNIT
[Unit]
Description=$SERVICE
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
User=app
WorkingDirectory=/opt/app
RuntimeDirectory=giban
RuntimeDirectoryMode=0750
Environment=AWS_DEFAULT_REGION=$REGION
EnvironmentFile=/etc/giban/app.env
EnvironmentFile=-/run/giban/secrets.env
# A leading + runs these two as root; systemd reads the secrets file after them and hands it to the application.
ExecStartPre=+/opt/giban/fetch
ExecStartPre=+/opt/giban/secrets
ExecStart=/opt/giban/run
Restart=always
RestartSec=5
TimeoutStartSec=infinity
AmbientCapabilities=CAP_NET_BIND_SERVICE

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now --no-block app.service
