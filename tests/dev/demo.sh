# shellcheck shell=bash
# demo: the lab, and a campaign from generation to leads.

# Ports of this checkout's lab, the same every time so that stored personas stay right.
lab_port() { printf %s $((20000 + ($(printf %s "$ROOT" | cksum | cut -d' ' -f1) % 3900) * 3 + $1)); }

command_demo() {
	local run
	run=$(run_folder)
	packages_ensure
	step "the lab"
	tests/lab/lab up --dir "$run/lab" --dns-port "$(lab_port 0)" --https-port "$(lab_port 1)" \
		--http-port "$(lab_port 2)" >/dev/null
	stack_up "$run"
	tests/lab/demo --bin "$BIN" --server "$GRPC_ADDRESS" --lab "$run/lab"
	say "REST       http://$REST_ADDRESS/api/v2/campaigns"
}
