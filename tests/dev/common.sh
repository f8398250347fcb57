# shellcheck shell=bash
# What every part of ./dev uses: speaking, failing, and where things are.

SOCKET_PATH_MAX=54 # of the run folder; what PostgreSQL and Redis append must still fit a Unix socket's 107 bytes

say() { printf '%s\n' "$*"; }

step() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

die() {
	printf 'dev: %s\n' "$*" >&2
	exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# Whether the user root's servers run as can enter the repository.
servant_can_enter() {
	! is_root || runuser -u nobody -- test -x "$ROOT" 2>/dev/null
}

# The folder for sockets and data: .run, or a folder of this checkout under /tmp where .run would not do.
run_folder() {
	local path=$ROOT/.run
	if [ ${#path} -gt $SOCKET_PATH_MAX ] || ! servant_can_enter; then
		path=/tmp/domainflow-$(printf %s "$ROOT" | sha256sum | cut -c1-10)
	fi
	mkdir -p "$path"
	[ -O "$path" ] || die "$path belongs to somebody else; remove it or clone elsewhere"
	printf %s "$path"
}

# Runs a command with its output in a log; shows the end of the log when it fails.
quietly() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		return 1
	fi
}
