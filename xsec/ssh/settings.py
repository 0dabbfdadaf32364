"""SSH algorithms of remote access (`sshd_*`) and of the tunnels between two hosts (`sshd_pfwd_*`)."""

from __future__ import annotations

from typing import Any

from xsec.ssh.kinds import Algorithms
from xsec.state.kinds import OnOff
from xsec.state.schema import Setting

_CIPHERS = (
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
    "aes256-cbc",
    "aes192-cbc",
    "aes128-cbc",
    "3des-cbc",
)
_EXCHANGES = (
    "mlkem768x25519-sha256",
    "sntrup761x25519-sha512@openssh.com",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp521",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp256",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group1-sha1",
)
_MACS = (
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "umac-128-etm@openssh.com",
    "hmac-sha2-512",
    "hmac-sha2-256",
    "umac-128@openssh.com",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha1",
)
_X509_KEYS = (
    "x509v3-rsa2048-sha256",
    "x509v3-ecdsa-sha2-nistp256",
    "x509v3-ecdsa-sha2-nistp384",
    "x509v3-ecdsa-sha2-nistp521",
    "x509v3-ssh-rsa",
)
_CIPHER_SPELLINGS = {
    f"aes{bits}{mode}@openssh.com": meant.format(bits)
    for bits in (128, 192, 256)
    for mode, meant in (("gcm", "aes{}-gcm@openssh.com"), ("cbc", "aes{}-cbc"), ("ctr", "aes{}-ctr"))
    if (bits, mode) != (192, "gcm")
}

MODE = Setting(
    path="Administration SSH Mode",
    kind=OnOff(),
    default="On",
    local=True,
    restart="ssh",
    help="Whether administrators reach this host by SSH",
)
ACCESS_CIPHERS = Setting(
    path="Ciphers sshd_ciphers Value",
    kind=Algorithms(*_CIPHERS, spellings=_CIPHER_SPELLINGS),
    default="aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
    help="Ciphers of remote access by SSH, best first",
    page="xsec ssh set access",
)
ACCESS_EXCHANGES = Setting(
    path="Ciphers sshd_kex Value",
    kind=Algorithms(*_EXCHANGES),
    default=(
        "ecdh-sha2-nistp521,ecdh-sha2-nistp384,ecdh-sha2-nistp256,"
        "diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group14-sha256"
    ),
    help="Key exchange of remote access by SSH, best first",
    other="ends in diffie-hellman-group14-sha1,diffie-hellman-group1-sha1 (command reference X15.0)",
    page="xsec ssh set access",
)
ACCESS_MACS = Setting(
    path="Ciphers sshd_macs Value",
    kind=Algorithms(*_MACS),
    default="hmac-sha2-512,hmac-sha2-256",
    help="Message authentication of remote access by SSH, best first",
    other="ends in hmac-sha1 (command reference X15.0)",
    page="xsec ssh set access",
)
TUNNEL_CIPHERS = Setting(
    path="Ciphers sshd_pfwd_ciphers Value",
    kind=Algorithms(*_CIPHERS, spellings=_CIPHER_SPELLINGS),
    default="aes256-ctr",
    help="Ciphers of the SSH tunnels",
    page="xsec ssh set tunnel",
)
TUNNEL_KEYS = Setting(
    path="Ciphers sshd_pfwd_pubkeyalgorithms Value",
    kind=Algorithms(*_X509_KEYS, spellings={"x509v3-sign-rsa": "x509v3-rsa2048-sha256"}),
    default="x509v3-rsa2048-sha256",
    help="Kinds of server certificate that the SSH tunnels accept: those of every host of both sides",
    other=(
        "the three x509v3-ecdsa-sha2 names too (command reference X15.0); "
        "X509v3-sign-rsa, X509v3-ssh-rsa (guide)"
    ),
    page="xsec ssh set tunnel",
)
TUNNEL_EXCHANGES = Setting(
    path="Ciphers sshd_pfwd_kex Value",
    kind=Algorithms("ecdh-sha2-nistp256", "ecdh-sha2-nistp384"),
    default="ecdh-sha2-nistp384",
    own=True,
    help="Key exchange of the SSH tunnels",
    page="xsec ssh set tunnel",
)

SETTINGS: tuple[Setting[Any], ...] = (
    MODE,
    ACCESS_CIPHERS,
    ACCESS_EXCHANGES,
    ACCESS_MACS,
    TUNNEL_CIPHERS,
    TUNNEL_KEYS,
    TUNNEL_EXCHANGES,
)
