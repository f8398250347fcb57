"""nginx for every site class a web server can play. One listening address per class and page, so the page follows
from the address the name resolved to, and nothing here needs to know the rule."""
from pathlib import Path

from . import rule

WORKERS = 2

HEAD = """daemon off;
worker_processes {workers};
pid "{dir}/nginx.pid";
error_log stderr warn;
events {{ worker_connections 16384; multi_accept on; }}
http {{
	log_format seen '$msec $host $server_addr $scheme $status $request_uri';
	access_log {access_log};
	client_body_temp_path "{dir}/tmp-body"; proxy_temp_path "{dir}/tmp-proxy";
	fastcgi_temp_path "{dir}/tmp-fastcgi"; uwsgi_temp_path "{dir}/tmp-uwsgi"; scgi_temp_path "{dir}/tmp-scgi";
	types {{ text/html html; text/plain txt; text/css css; image/png png; }}
	default_type text/html;
	sendfile on;
	tcp_nodelay on;
	absolute_redirect off;
	server_tokens off;
	keepalive_requests 100000;
	gzip off;
	gzip_min_length 200;
	ssl_protocols TLSv1.2 TLSv1.3;
	ssl_certificate "{dir}/certs/good.pem";
	ssl_certificate_key "{dir}/certs/good.key";
	open_file_cache max=4000 inactive=1h;
	map_hash_max_size 8192;
	map_hash_bucket_size 256;
"""

PAGE = "location = / { root /; try_files $page_file =404; }\n\t\tlocation / { root /; try_files $page_dir$uri =404; }"
ROBOTS = "location = /robots.txt { return 404; }"


def _redirect_many(hops):
    steps = "".join(f"\t\tlocation = /{i} {{ return 302 /{i + 1}; }}\n" for i in range(1, hops))
    return f"location = / {{ return 302 /1; }}\n{steps}\t\tlocation = /{hops} {{ return 200 'arrived'; }}"


def _status(code):
    wait = "add_header Retry-After 1 always; " if code == 429 else ""
    return f"location / {{ {wait}return {code} '<title>{code}</title>'; }}"


# class → (body of its server block, https?, http?, certificate)
SERVERS = {
    "page": (PAGE, True, True, "good"),
    "page_plain": (PAGE, True, True, "good"),
    "page_gzip": ("gzip on;\n\t\t" + PAGE, True, True, "good"),
    "page_http_only": (PAGE, False, True, "good"),
    "page_aaaa_silent": (PAGE, True, True, "good"),
    "page_alias": (PAGE, True, True, "good"),
    "page_lied_about": (PAGE, True, True, "good"),
    "page_text": (PAGE, True, True, "good"),
    "page_latin1": ("charset iso-8859-1;\n\t\t" + PAGE, True, True, "good"),
    "page_empty": (PAGE, True, True, "good"),
    "parked": (PAGE, True, True, "good"),
    "no_structure": (PAGE, True, True, "good"),
    "huge": (PAGE, True, True, "good"),
    "tls_expired_http": (PAGE, True, True, "expired"),
    "redirect_chain": ("location = / { return 302 /a; }\n\t\tlocation = /a { return 301 /b; }\n"
                       "\t\tlocation = /b { return 307 /c; }\n"
                       "\t\tlocation = /c { root /; try_files $page_file =404; }\n"
                       "\t\tlocation / { root /; try_files $page_dir$uri =404; }", True, True, "good"),
    "redirect_away": ("location / { return 301 https://elsewhere.site.test/; }", True, True, "good"),
    "redirect_loop": ("location / { return 302 /; }", True, True, "good"),
    "redirect_many": (_redirect_many(8), True, True, "good"),
    "redirect_nowhere": ("location / { return 302 https://nowhere.site.test/; }", True, True, "good"),
    "redirect_private": ("location / { return 302 http://127.2.0.1/; }", True, True, "good"),
    "binary": ("location / { default_type image/png; return 200 'not really a picture'; }", True, True, "good"),
    "tls_expired": ("location / { return 200 'unreachable'; }", True, False, "expired"),
    "tls_wrong_host": ("location / { return 200 'unreachable'; }", True, False, "wrong-host"),
    "tls_unknown_ca": ("location / { return 200 'unreachable'; }", True, False, "unknown-ca"),
    **{c.name: (_status(int(c.name[7:])), True, True, "good") for c in rule.CLASSES if c.name.startswith("status_")},
}


def _server(site, https_port, http_port):
    body, on_https, on_http, certificate = SERVERS[site.name]
    lines = ["\tserver {"]
    for page in range(site.addresses):
        where = rule.address(site, page)
        if on_https:
            lines.append(f"\t\tlisten {where}:{https_port} ssl backlog=4096;")
        if on_http:
            lines.append(f"\t\tlisten {where}:{http_port} backlog=4096;")
    if certificate != "good":
        lines.append(f"\t\tssl_certificate \"@DIR@/certs/{certificate}.pem\";")
        lines.append(f"\t\tssl_certificate_key \"@DIR@/certs/{certificate}.key\";")
    lines += [f"\t\t{ROBOTS}", f"\t\t{body}", "\t}"]
    return "\n".join(lines)


def configuration(folder: Path, pools, https_port, http_port, access_log=False):
    sites = [c for c in rule.CLASSES if c.name in SERVERS]
    files, dirs = [], []
    for site in sites:
        for page in range(site.addresses if site.pages else 0):
            file = pools[site.pages][page].file
            files.append(f"\t\t{rule.address(site, page)} \"{file}\";")
            dirs.append(f"\t\t{rule.address(site, page)} \"{Path(file).parent}\";")
    head = HEAD.format(dir=folder, workers=WORKERS,
                       access_log=f'"{folder}/access.log" seen buffer=32k flush=1s' if access_log else "off")
    maps = ["\tmap $server_addr $page_file {", *files, "\t}", "\tmap $server_addr $page_dir {", *dirs, "\t}"]
    servers = [_server(site, https_port, http_port).replace("@DIR@", str(folder)) for site in sites]
    return head + "\n".join(maps + servers) + "\n}\n"
