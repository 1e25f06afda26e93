# A bastion records what is typed and shown, and sends the records to the log bucket. The lines before this one set:
#   REGION, RECORDS (s3://bucket/prefix).
set -euo pipefail
# The fixed address arrives a moment after the host does.
until dnf install -y -q util-linux ec2-instance-connect; do sleep 5; done

install -d -m 1733 /var/log/sessions
cat >/usr/local/bin/record-session <<'SCRIPT'
#!/bin/bash
# Every SSH session runs inside script(1), which writes what is seen to a file the user cannot list.
file=/var/log/sessions/$(date -u +%Y%m%dT%H%M%SZ)-$USER-$$.log
if [ -n "${SSH_ORIGINAL_COMMAND:-}" ]; then
    exec script --quiet --flush --return --command "$SSH_ORIGINAL_COMMAND" "$file"
fi
exec script --quiet --flush --return "$file"
SCRIPT
chmod 0755 /usr/local/bin/record-session
cat >/etc/ssh/sshd_config.d/10-record.conf <<'CONFIG'
PasswordAuthentication no
PermitRootLogin no
ForceCommand /usr/local/bin/record-session
CONFIG
systemctl reload sshd

cat >/etc/systemd/system/send-records.service <<UNIT
[Unit]
Description=Send session records to the log bucket
[Service]
Type=oneshot
Environment=AWS_DEFAULT_REGION=$REGION
ExecStart=/bin/bash -c 'cd /var/log/sessions && for f in *.log; do [ -e "\$f" ] && aws s3 cp --only-show-errors "\$f" "$RECORDS/\$(hostname)/\$f"; done; find . -name "*.log" -mmin +1440 -delete'
UNIT
cat >/etc/systemd/system/send-records.timer <<'UNIT'
[Unit]
Description=Send session records every five minutes
[Timer]
OnBootSec=5min
OnUnitActiveSec=5min
[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl enable --now send-records.timer
