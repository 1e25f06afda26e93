# A WireGuard server on Debian. The lines before this one set:
#   REGION, SECRET (ARN), PORT, CIDR (addresses of devices), NETWORK (the VPC), PEERS (lines: name public-key).
# The server's key is made here at the first boot and kept in Secrets Manager, so that a rebuilt host keeps it.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive AWS_DEFAULT_REGION=$REGION
# The fixed address arrives a moment after the host does.
until apt-get update -qq; do sleep 5; done
apt-get install -y -qq wireguard-tools nftables awscli

umask 077
if key=$(aws secretsmanager get-secret-value --secret-id "$SECRET" --query SecretString --output text 2>/dev/null); then
    private=$(printf '%s' "$key" | python3 -c 'import json, sys; print(json.load(sys.stdin)["private_key"])')
else
    private=$(wg genkey)
    printf '{"private_key": "%s", "public_key": "%s"}' "$private" "$(printf '%s' "$private" | wg pubkey)" >/run/wg.json
    aws secretsmanager put-secret-value --secret-id "$SECRET" --secret-string file:///run/wg.json
    rm -f /run/wg.json
fi

address() { # the nth address of CIDR
    python3 -c 'import ipaddress, sys; print(ipaddress.ip_network(sys.argv[1])[int(sys.argv[2])])' "$CIDR" "$1"
}
{
    printf '[Interface]\nPrivateKey = %s\nAddress = %s/%s\nListenPort = %s\n' "$private" "$(address 1)" "${CIDR#*/}" "$PORT"
    number=2
    while read -r name public; do
        [ -n "$name" ] || continue
        printf '\n[Peer]\n# %s\nPublicKey = %s\nAllowedIPs = %s/32\n' "$name" "$public" "$(address "$number")"
        number=$((number + 1))
    done <<<"$PEERS"
} >/etc/wireguard/wg0.conf

systemctl enable --now wg-quick@wg0
