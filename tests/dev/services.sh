# shellcheck shell=bash
# up and down: PostgreSQL, Redis, migrations and domainflowd, all of this checkout and all under the run folder.

: "${GRPC_ADDRESS:=127.0.0.1:8090}" "${OPS_ADDRESS:=127.0.0.1:8091}"
READY_SECONDS=30
STOP_SECONDS=30
BIN=build/release/bin

# Settings of domainflowd, NAME=value a line; the lab's too while it runs.
server_settings() {
	local run=$1
	cat "$run/services.env"
	printf 'GRPC_ADDRESS=%s\nOPS_ADDRESS=%s\n' "$GRPC_ADDRESS" "$OPS_ADDRESS"
	tests/lab/lab settings --dir "$run/lab" 2>/dev/null || true
}

server_pid() {
	local pid
	pid=$(cat "$1/domainflowd.pid" 2>/dev/null) || return 1
	[[ "$(readlink "/proc/$pid/exe" 2>/dev/null)" == "$ROOT/$BIN/domainflowd"* ]] && printf %s "$pid"
}

# Whether the running server is the binary just built, with the settings wanted.
server_is_current() {
	local run=$1 pid
	pid=$(server_pid "$run") &&
		[ "$(readlink "/proc/$pid/exe")" = "$ROOT/$BIN/domainflowd" ] &&
		cmp -s "$run/domainflowd.env" "$run/domainflowd.env.wanted"
}

server_stop() {
	local run=$1 pid second
	pid=$(server_pid "$run") || return 0
	kill "$pid"
	for ((second = 0; second < STOP_SECONDS * 10; second++)); do
		[ -d "/proc/$pid" ] || break
		sleep 0.1
	done
	[ ! -d "/proc/$pid" ] || kill -KILL "$pid" 2>/dev/null || true
	rm -f "$run/domainflowd.pid"
}

# Dies when a port is somebody else's; asked before the build, which takes minutes. A Unix socket is nobody's port.
ports_are_ours() {
	local run=$1 name address
	! server_pid "$run" >/dev/null || return 0
	for name in GRPC_ADDRESS OPS_ADDRESS; do
		address=${!name}
		if [[ $address == *:[0-9]* ]] && (: <>"/dev/tcp/${address%:*}/${address##*:}") 2>/dev/null; then
			die "$address is taken by another program; choose free ports: GRPC_ADDRESS=127.0.0.1:PORT OPS_ADDRESS=127.0.0.1:PORT ./dev up"
		fi
	done
}

server_ready() { curl -sf -o /dev/null --max-time 2 "http://$OPS_ADDRESS/readyz"; }

server_start() {
	local run=$1 try
	ports_are_ours "$run"
	step "starting domainflowd"
	mv "$run/domainflowd.env.wanted" "$run/domainflowd.env"
	env_run "$run/domainflowd.env" setsid "$ROOT/$BIN/domainflowd" >>"$run/domainflowd.log" 2>&1 </dev/null &
	printf %s $! >"$run/domainflowd.pid"
	for ((try = 0; try < READY_SECONDS * 10; try++)); do
		server_ready && return
		[ -d "/proc/$(cat "$run/domainflowd.pid")" ] || break
		sleep 0.1
	done
	tail -n 20 "$run/domainflowd.log" >&2
	die "domainflowd did not become ready; its log is $run/domainflowd.log"
}

# Runs a command with the settings of a file in its environment; replaces the shell it runs in.
env_run() {
	local settings
	mapfile -t settings <"$1"
	shift
	exec env "${settings[@]}" "$@"
}

# Starts or refreshes everything; prints nothing on stdout.
stack_up() {
	local run=$1
	packages_ensure
	ports_are_ours "$run"
	go_ensure
	build release --target domainflowd dfctl || die "the release build failed; see build/release.log"
	build_gateway || die "the gateway did not build; see build/gateway.log"
	step "PostgreSQL and Redis"
	tests/lab/services up "$run" >"$run/services.env"
	server_settings "$run" >"$run/domainflowd.env.wanted"
	if ! server_is_current "$run"; then
		server_stop "$run"
		(env_run "$run/domainflowd.env.wanted" "$BIN/domainflowd" migrate up) >>"$run/migrate.log" 2>&1 ||
			{ tail -n 20 "$run/migrate.log" >&2 && die "the migrations failed"; }
		server_start "$run"
	fi
}

command_up() {
	local run
	run=$(run_folder)
	[ "$run" = "$ROOT/.run" ] || say "data and sockets are in $run: PostgreSQL could not use $ROOT/.run"
	stack_up "$run"
	say "gRPC       $GRPC_ADDRESS   (plaintext, reflection is on)"
	say "ops        http://$OPS_ADDRESS/metrics  /livez  /readyz"
	say "database   psql '$(sed -n 's/^DATABASE_URL=//p' "$run/services.env")'"
	say "logs       $run/domainflowd.log"
	say "client     $BIN/dfctl --server $GRPC_ADDRESS --help"
	say "next       ./dev demo"
}

command_down() {
	local run
	run=$(run_folder)
	server_stop "$run"
	tests/lab/lab down --dir "$run/lab" 2>/dev/null
	tests/lab/services down "$run"
	tests/lab/services down "$run/test"
	say "stopped; the data is kept in $run"
}
