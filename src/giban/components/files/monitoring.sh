# The CloudWatch agent: memory, disks and the application's log. The lines before this one set:
#   MONITORING (the agent's configuration), LOG (the file that the application's output goes to).
# It runs beside the application and never in its way: without package source or network it is tried again later.
mkdir -p /opt/giban /etc/systemd/system/app.service.d "$(dirname "$LOG")"
printf '%s\n' "$MONITORING" >/opt/giban/monitoring.json

# What the application says goes to a file that the agent reads, and is kept short on the machine itself.
cat >/etc/systemd/system/app.service.d/log.conf <<UNIT
[Service]
StandardOutput=append:$LOG
StandardError=append:$LOG
UNIT
cat >/etc/logrotate.d/app <<ROTATE
$LOG {
    size 100M
    rotate 3
    compress
    missingok
    copytruncate
}
ROTATE

cat >/opt/giban/monitor <<'SCRIPT'
#!/bin/bash
set -euo pipefail
agent=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl
if [ ! -x "$agent" ]; then
    # Amazon Linux has it as a package; another image brings it, or goes without.
    dnf install -y -q amazon-cloudwatch-agent
fi
"$agent" -a fetch-config -m ec2 -c file:/opt/giban/monitoring.json -s
SCRIPT
chmod 0755 /opt/giban/monitor

cat >/etc/systemd/system/giban-monitor.service <<'UNIT'
[Unit]
Description=Memory, disks and logs to CloudWatch
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/opt/giban/monitor
Restart=on-failure
RestartSec=300

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now --no-block giban-monitor.service
