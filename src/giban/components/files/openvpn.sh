# An OpenVPN server on Debian. The lines before this one set:
#   REGION, SECRET (ARN), PORT, CIDR (addresses of devices), NETWORK (the VPC), CLIENTS (a name a line).
# Authority, certificates and profiles are made here and kept in Secrets Manager, so that a rebuilt host keeps them.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive AWS_DEFAULT_REGION=$REGION EASYRSA_BATCH=1
# The fixed address arrives a moment after the host does.
until apt-get update -qq; do sleep 5; done
apt-get install -y -qq openvpn easy-rsa nftables awscli curl

umask 077
pki=/etc/openvpn/pki
if aws secretsmanager get-secret-value --secret-id "$SECRET" --query SecretString --output text >/run/pki 2>/dev/null; then
    base64 -d /run/pki | tar -xz -C /etc/openvpn
else
    make-cadir /etc/openvpn/easy-rsa && cd /etc/openvpn/easy-rsa
    EASYRSA_PKI=$pki EASYRSA_ALGO=ec ./easyrsa init-pki
    EASYRSA_PKI=$pki EASYRSA_ALGO=ec EASYRSA_REQ_CN=giban ./easyrsa build-ca nopass
    EASYRSA_PKI=$pki EASYRSA_ALGO=ec ./easyrsa build-server-full server nopass
    openvpn --genkey secret "$pki/tls-crypt.key"
fi
rm -f /run/pki
[ -d /etc/openvpn/easy-rsa ] || make-cadir /etc/openvpn/easy-rsa
cd /etc/openvpn/easy-rsa
token=$(curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
public=$(curl -sH "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/public-ipv4)
while read -r name; do
    [ -n "$name" ] || continue
    [ -e "$pki/issued/$name.crt" ] || EASYRSA_PKI=$pki EASYRSA_ALGO=ec ./easyrsa build-client-full "$name" nopass
    {
        printf 'client\ndev tun\nproto udp\nremote %s %s\nremote-cert-tls server\nverify-x509-name server name\n' "$public" "$PORT"
        for part in ca:ca.crt cert:issued/$name.crt key:private/$name.key tls-crypt:tls-crypt.key; do
            printf '<%s>\n%s\n</%s>\n' "${part%%:*}" "$(cat "$pki/${part#*:}")" "${part%%:*}"
        done
    } >"$pki/$name.ovpn"
done <<<"$CLIENTS"
tar -cz -C /etc/openvpn pki | base64 -w0 >/run/pki
aws secretsmanager put-secret-value --secret-id "$SECRET" --secret-string file:///run/pki
rm -f /run/pki

mask() { python3 -c 'import ipaddress, sys; n = ipaddress.ip_network(sys.argv[1]); print(n.network_address, n.netmask)' "$1"; }
cat >/etc/openvpn/server/server.conf <<CONFIG
port $PORT
proto udp
dev tun
topology subnet
server $(mask "$CIDR")
push "route $(mask "$NETWORK")"
ca $pki/ca.crt
cert $pki/issued/server.crt
key $pki/private/server.key
tls-crypt $pki/tls-crypt.key
tls-version-min 1.2
dh none
remote-cert-tls client
keepalive 10 60
user nobody
group nogroup
persist-key
persist-tun
CONFIG
systemctl enable --now openvpn-server@server
