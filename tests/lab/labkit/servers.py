"""Starts and stops the lab's four programs: PowerDNS, the silent door before it, nginx, and the fault sites.

Everything lives under one folder; nothing needs privileges, and as root all of it runs as `nobody`. What is running is
written to lab.json there, with the settings a domainflowd needs to use this lab.
"""
import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

from . import certs, pages, rule, web
from .process import LabError, free_port, give, is_ours, is_root, listens, need, SERVANT, spawn, stop

HERE = Path(__file__).resolve().parent
START_SECONDS_MAX = 15
FAULTS = {  # class → (fault, https?, http?)
    "page_slow": ("page_slow", False, True), "endless_body": ("endless_body", False, True),
    "gzip_bomb": ("gzip_bomb", False, True), "reset": ("reset", True, True), "tls_broken": ("tls_broken", True, False),
    "garbage": ("garbage", False, True), "endless_headers": ("endless_headers", False, True),
    "endless_trailers": ("endless_trailers", False, True), "endless_chunk": ("endless_chunk", False, True),
    "mute": ("mute", True, True), "stall": ("stall", False, True), "drip": ("drip", False, True),
}
RCODES = {"ok": 0, "NOANSWER": 0, "NXDOMAIN": 3, "SERVFAIL": 2, "REFUSED": 5, "TIMEOUT": 2}


def write_answer_script(target: Path):
    """answer.lua with the rule's table filled in."""
    def entry(c):
        return (f"{{ share = {c.share}, rcode = {RCODES[c.dns]}, number = {c.number}, "
                f"addresses = {c.addresses}, "
                f"alias = {str(c.name == 'page_alias').lower()} }}")
    fixed = [f"['{name}'] = {{ class = {entry(rule.BY_NAME[c])}, page = {page} }}," for name, (c, page) in
             rule.FIXED.items()]
    text = (HERE / "answer.lua").read_text()
    for mark, lines in (("TLDS", [f"'{tld}'," for tld in rule.TLDS]), ("FIXED", fixed),
                        ("CLASSES", [entry(c) + "," for c in rule.CLASSES])):
        text = text.replace(f"--@{mark}@", "\n\t" + "\n\t".join(lines))
    target.write_text(text)


def _bucket_range(class_name):
    start = 0
    for site in rule.CLASSES:
        if site.name == class_name:
            return str(start), str(start + site.share)
        start += site.share
    raise KeyError(class_name)


def _start_dns(folder, ports, pdns_port):
    write_answer_script(folder / "answer.lua")
    shutil.copy(HERE / "backend.lua", folder)
    subprocess.run(["cc", "-O2", "-std=gnu17", "-o", str(folder / "dnsdoor"), str(HERE / "dnsdoor.c")], check=True)
    options = {
        "launch": "lua2", "lua2-filename": folder / "backend.lua", "lua2-api": 2,
        "lua-prequery-script": folder / "answer.lua", "local-address": "127.0.0.1", "local-port": pdns_port,
        "socket-dir": folder, "config-dir": folder, "daemon": "no", "guardian": "no", "disable-syslog": "yes",
        "write-pid": "no", "security-poll-suffix": "", "zone-cache-refresh-interval": 0, "cache-ttl": 0,
        "query-cache-ttl": 0, "negquery-cache-ttl": 0, "receiver-threads": 1, "distributor-threads": 1,
        "version-string": "anonymous",
    }
    (folder / "pdns.conf").write_text("".join(f"{k}={v}\n" for k, v in options.items()))
    return {
        "pdns": spawn(folder, "pdns", ["/usr/sbin/pdns_server", f"--config-dir={folder}"]),
        "dnsdoor": spawn(folder, "dnsdoor", [
            folder / "dnsdoor", pdns_port, SERVANT if is_root() else "-", *_bucket_range("silence"),
            *_bucket_range("page_aaaa_silent"), *_bucket_range("page_lied_about"), *ports], keep_user=True),
    }


def _start_web(folder, pools, https_port, http_port, access_log):
    (folder / "nginx.conf").write_text(web.configuration(folder, pools, https_port, http_port, access_log))
    shutil.copy(HERE / "faults.py", folder)
    sites = []
    for class_name, (fault, on_https, on_http) in FAULTS.items():
        site = rule.BY_NAME[class_name]
        for page in range(site.addresses):
            file = pools[site.pages][page].file if site.pages else ""
            for port in [https_port] * on_https + [http_port] * on_http:
                sites.append({"address": rule.address(site, page), "port": port, "fault": fault, "page": file})
    (folder / "faults.json").write_text(json.dumps(sites, indent=1))
    return {
        "nginx": spawn(folder, "nginx", ["/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-e",
                                          "stderr"]),
        "faults": spawn(folder, "faults", ["python3", str(folder / "faults.py"), str(folder / "faults.json")]),
    }


def _wait_for(what, is_there, processes):
    deadline = time.monotonic() + START_SECONDS_MAX
    while not is_there():
        for name, process in processes.items():
            if process.poll() is not None:
                raise LabError(f"{name} ended while starting; see {name}.log")
        if time.monotonic() > deadline:
            raise LabError(f"{what} did not start within {START_SECONDS_MAX} s")
        time.sleep(0.02)


def up(folder: Path, dns_ports=(0,), https_port=0, http_port=0, access_log=False):
    """Starts the lab and returns the content of lab.json. Does nothing when it is already up."""
    state = status(folder)
    if state:
        return state
    need("pdns_server", "nginx", "openssl", "cc")
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    pools = pages.gather_once(folder)
    certs.make(folder / "certs")
    dns_ports = [p or free_port("127.0.0.1", socket.SOCK_DGRAM) for p in dns_ports]
    https_port = https_port or free_port("127.1.1.1", socket.SOCK_STREAM)
    http_port = http_port or free_port("127.1.1.1", socket.SOCK_STREAM)
    pdns_port = free_port("127.0.0.1", socket.SOCK_DGRAM)
    give(folder)
    processes = _start_dns(folder, dns_ports, pdns_port)
    try:
        processes |= _start_web(folder, pools, https_port, http_port, access_log)
        _wait_for("DNS", lambda: ask(rule.TLDS[0], 6, dns_ports[0], 0.2) == 0, processes)
        _wait_for("nginx", lambda: listens("127.1.1.1", https_port), processes)
        _wait_for("the fault sites", lambda: listens(rule.address(rule.BY_NAME["drip"], 0), http_port), processes)
    except BaseException:
        stop([p.pid for p in processes.values()], folder)
        raise
    resolvers = [f"127.0.0.1:{port}" for port in dns_ports]
    state = {
        "folder": str(folder), "resolvers": resolvers, "tlds": ["." + tld for tld in rule.TLDS],
        "https_port": https_port, "http_port": http_port, "ca_file": f"{folder}/certs/ca.pem",
        "pids": {name: p.pid for name, p in processes.items()},
        "settings": {"HTTP_TARGET_PORT": str(http_port), "HTTPS_TARGET_PORT": str(https_port),
                     "HTTP_CA_FILE": f"{folder}/certs/ca.pem", "HTTP_ALLOWED_NETWORKS": rule.NETWORK,
                     "DNS_ALLOWED_NETWORKS": "127.0.0.0/8", "HTTP_PER_ADDRESS_MAX": "0"},
    }
    for kind, persona in personas(resolvers).items():
        (folder / f"persona-{kind}.json").write_text(json.dumps(persona, indent="\t") + "\n")
    (folder / "lab.json").write_text(json.dumps(state, indent="\t") + "\n")
    return state


def personas(resolvers):
    """Personas that may hurry, because nobody is disturbed: no rate limits, short patience, much at once."""
    return {
        "dns": {"name": "Lab resolver", "personaType": "dns", "description": "Asks the lab's own DNS, without limits.",
                "configDetails": {"personaType": "dns", "resolvers": resolvers, "queryTimeoutSeconds": 1,
                                  "maxConcurrentLookups": 500, "rateLimitDps": 0, "rateLimitBurst": 0}},
        "http": {"name": "Lab visitor", "personaType": "http", "description": "Visits the lab's own sites, without limits.",
                 "configDetails": {"personaType": "http", "userAgent": "DomainFlow-Lab/1.0", "requestTimeoutSeconds": 3,
                                   "maxConcurrentFetches": 128, "hostDelayMs": 0, "rateLimitDps": 0,
                                   "rateLimitBurst": 0}},
    }


def status(folder: Path):
    """lab.json when all of its programs are running, otherwise None."""
    try:
        state = json.loads((folder / "lab.json").read_text())
    except (OSError, ValueError):
        return None
    alive = all(is_ours(pid, Path(state["folder"])) for pid in state["pids"].values())
    return state if alive else None


def down(folder: Path):
    """Stops what lab.json names; true when something was running."""
    try:
        state = json.loads((folder / "lab.json").read_text())
    except (OSError, ValueError):
        return False
    stop(list(state["pids"].values()), Path(state["folder"]))
    (folder / "lab.json").unlink()
    return True


def ask(name, qtype, port, seconds=1.0):
    """Asks the lab's DNS; the RCODE, or None when nobody answers. A minimal client for checks and the tests."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00" + bytes([0, qtype, 0, 1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.connect(("127.0.0.1", port))
        try:
            client.send(query)
            answer = client.recv(1500)
        except OSError:
            return None
    if answer[:2] != query[:2] or answer[12:12 + len(labels)] != labels:
        return "forged"
    if qtype == 1 and answer[7]:
        return socket.inet_ntoa(answer[-4:])
    return answer[3] & 15
