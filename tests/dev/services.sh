# shellcheck shell=bash
# up and down: PostgreSQL, Redis, migrations, domainflowd and its gateway, all of this checkout, all under the run
# folder.

: "${GRPC_ADDRESS:=127.0.0.1:8090}" "${OPS_ADDRESS:=127.0.0.1:8091}"
: "${REST_ADDRESS:=127.0.0.1:8080}" "${GATEWAY_OPS_ADDRESS:=127.0.0.1:8092}"
READY_SECONDS=30
STOP_SECONDS=30
BIN=build/release/bin

# Settings of domainflowd, NAME=value a line; the lab's too while it runs.
domainflowd_settings() {
	local run=$1
	cat "$run/services.env"
	printf 'GRPC_ADDRESS=%s\nOPS_ADDRESS=%s\n' "$GRPC_ADDRESS" "$OPS_ADDRESS"
	tests/lab/lab settings --dir "$run/lab" 2>/dev/null || true
}

gateway_settings() {
	printf 'GRPC_UPSTREAM=%s\nREST_ADDRESS=%s\n' "$GRPC_ADDRESS" "$REST_ADDRESS"
	printf 'GATEWAY_OPS_ADDRESS=%s\n' "$GATEWAY_OPS_ADDRESS"
}

# The process of one of our programs; fails when it does not run.
program_pid() {
	local run=$1 name=$2 pid
	pid=$(cat "$run/$name.pid" 2>/dev/null) || return 1
	[[ "$(readlink "/proc/$pid/exe" 2>/dev/null)" =~ ^"$ROOT/$BIN/$name"( \(deleted\))?$ ]] && printf %s "$pid"
}

# Whether the running program is the binary just built, with the settings wanted.
program_is_current() {
	local run=$1 name=$2 pid
	pid=$(program_pid "$run" "$name") &&
		[ "$(readlink "/proc/$pid/exe")" = "$ROOT/$BIN/$name" ] &&
		cmp -s "$run/$name.env" "$run/$name.env.wanted"
}

program_stop() {
	local run=$1 name=$2 pid second
	pid=$(program_pid "$run" "$name") || return 0
	kill "$pid"
	for ((second = 0; second < STOP_SECONDS * 10; second++)); do
		program_pid "$run" "$name" >/dev/null || break # in a container without an init the dead keep their /proc entry
		sleep 0.1
	done
	! program_pid "$run" "$name" >/dev/null || kill -KILL "$pid" 2>/dev/null || true
	rm -f "$run/$name.pid"
}

# Dies when one of the named addresses is somebody else's. A Unix socket is nobody's port.
addresses_are_free() {
	local name address advice=
	for name in "$@"; do
		advice+="$name=127.0.0.1:PORT "
	done
	for name in "$@"; do
		address=${!name}
		if [[ $address == *:[0-9]* ]] && (: <>"/dev/tcp/${address%:*}/${address##*:}") 2>/dev/null; then
			die "$address is taken by another program; choose free ports: $advice./dev up"
		fi
	done
}

# Asked before the build, which takes minutes.
ports_are_ours() {
	local run=$1
	addresses_are_ours "$run" domainflowd GRPC_ADDRESS OPS_ADDRESS
	addresses_are_ours "$run" domainflow-gateway REST_ADDRESS GATEWAY_OPS_ADDRESS
}

# Addresses that the running program has are ours; others must be free, before it is stopped for them.
addresses_are_ours() {
	local run=$1 program=$2 name names=()
	shift 2
	for name in "$@"; do
		program_pid "$run" "$program" >/dev/null && grep -qxF "$name=${!name}" "$run/$program.env" || names+=("$name")
	done
	addresses_are_free "${names[@]}"
}

# Starts a program with its wanted settings and waits until the ops port says it is ready.
program_start() {
	local run=$1 name=$2 ops=$3 try
	ports_are_ours "$run"
	step "starting $name"
	mv "$run/$name.env.wanted" "$run/$name.env"
	env_run "$run/$name.env" setsid "$ROOT/$BIN/$name" >>"$run/$name.log" 2>&1 </dev/null &
	printf %s $! >"$run/$name.pid"
	for ((try = 0; try < READY_SECONDS * 10; try++)); do
		curl -sf -o /dev/null --max-time 2 "http://$ops/readyz" && return
		[ -d "/proc/$(cat "$run/$name.pid")" ] || break
		sleep 0.1
	done
	tail -n 20 "$run/$name.log" >&2
	die "$name did not become ready; its log is $run/$name.log"
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
	build release --target domainflowd dfctl || die "the release build failed; see build/release.log"
	build_gateway || die "the gateway did not build; see build/gateway.log"
	step "PostgreSQL and Redis"
	tests/lab/services up "$run" >"$run/services.env"
	domainflowd_settings "$run" >"$run/domainflowd.env.wanted"
	if ! program_is_current "$run" domainflowd; then
		program_stop "$run" domainflowd
		(env_run "$run/domainflowd.env.wanted" "$BIN/domainflowd" migrate up) >>"$run/migrate.log" 2>&1 ||
			{ tail -n 20 "$run/migrate.log" >&2 && die "the migrations failed"; }
		program_start "$run" domainflowd "$OPS_ADDRESS"
	fi
	gateway_settings >"$run/domainflow-gateway.env.wanted"
	if ! program_is_current "$run" domainflow-gateway; then
		program_stop "$run" domainflow-gateway
		program_start "$run" domainflow-gateway "$GATEWAY_OPS_ADDRESS"
	fi
}

command_up() {
	local run
	run=$(run_folder)
	[ "$run" = "$ROOT/.run" ] || say "data and sockets are in $run: PostgreSQL could not use $ROOT/.run"
	stack_up "$run"
	say "gRPC       $GRPC_ADDRESS   (plaintext, reflection is on)"
	say "REST       http://$REST_ADDRESS/"
	say "ops        http://$OPS_ADDRESS/metrics  /livez  /readyz; the gateway's: http://$GATEWAY_OPS_ADDRESS"
	say "database   psql '$(sed -n 's/^DATABASE_URL=//p' "$run/services.env")'"
	say "logs       $run/domainflowd.log $run/domainflow-gateway.log"
	say "client     $BIN/dfctl --server $GRPC_ADDRESS --help"
	say "next       ./dev demo"
}

command_down() {
	local run
	run=$(run_folder)
	program_stop "$run" domainflow-gateway
	program_stop "$run" domainflowd
	tests/lab/lab down --dir "$run/lab" 2>/dev/null
	tests/lab/services down "$run"
	tests/lab/services down "$run/test"
	say "stopped; the data is kept in $run"
}
