"""Certificates of the lab: a CA of its own, one good wildcard certificate, and three that must be refused."""
import subprocess
from pathlib import Path

from . import rule

DAYS = "30"


def _openssl(folder, *args):
    done = subprocess.run(["openssl", *args], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"lab: openssl {args[0]} failed: {done.stderr.strip()}")


def _key(folder, name):
    _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")


def _leaf(folder, name, hosts, days=DAYS):
    """A certificate for `hosts`, signed by the lab's CA."""
    _key(folder, name)
    _openssl(folder, "req", "-new", "-key", f"{name}.key", "-subj", f"/CN={hosts[0]}", "-out", f"{name}.csr")
    (folder / f"{name}.ext").write_text("subjectAltName=" + ",".join(f"DNS:{h}" for h in hosts) + "\n"
                                        "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
             "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def make(folder: Path):
    """Writes ca.pem and NAME.pem/NAME.key for good, expired, wrong-host and unknown-ca. Keeps what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "complete").exists():
        return
    wildcards = ["*." + tld for tld in rule.TLDS]
    _key(folder, "ca")
    _openssl(folder, "req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=DomainFlow lab CA", "-days", DAYS,
             "-addext", "basicConstraints=critical,CA:TRUE", "-out", "ca.pem")
    _leaf(folder, "good", wildcards)
    _leaf(folder, "expired", wildcards, days="-1")
    _leaf(folder, "wrong-host", ["elsewhere.example"])
    _key(folder, "unknown-ca")
    _openssl(folder, "req", "-x509", "-new", "-key", "unknown-ca.key", "-subj", "/CN=self", "-days", DAYS,
             "-addext", "subjectAltName=" + ",".join(f"DNS:{w}" for w in wildcards), "-out", "unknown-ca.pem")
    (folder / "complete").touch()
