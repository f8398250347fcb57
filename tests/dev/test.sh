# shellcheck shell=bash
# test: everything a change must pass, and one line that says how it went.

: "${TEST_PRESETS=release asan}" # TEST_PRESETS= runs the Python tests alone

# A private PostgreSQL and Redis; prints TEST_DATABASE_URL and TEST_REDIS_URL, quoted for eval.
test_services() {
	local name value
	tests/lab/services up "$@" | while IFS='=' read -r name value; do
		printf 'TEST_%s=%q\n' "$name" "$value"
	done
}

# Runs one check that is either passed or failed, and writes which to the results.
check() {
	local name=$1
	shift
	step "$name"
	if "$@"; then
		printf 'passed %s\n' "$name" >>"$RESULTS/checks"
	else
		printf 'failed %s\n' "$name" >>"$RESULTS/checks"
	fi
}

test_preset() {
	local preset=$1 filter=$2
	build "$preset" || return 1
	ctest --test-dir "build/$preset" -LE bench ${filter:+-R "$filter"} --output-on-failure \
		--output-junit "$RESULTS/$preset.xml" -j "$(($(nproc) + 1))" >&2 || true # the JUnit file tells
	[ -s "$RESULTS/$preset.xml" ]
}

# The fuzz targets alone: the rest of the fuzz preset would only be built again with another compiler.
test_fuzz() {
	local filter=$1
	build fuzz --target fuzzers || return 1
	ctest --test-dir build/fuzz -L fuzz ${filter:+-R "$filter"} --output-on-failure \
		--output-junit "$RESULTS/fuzz.xml" -j "$(($(nproc) + 1))" >&2 || true # the JUnit file tells
	[ -s "$RESULTS/fuzz.xml" ]
}

# Several classes run at once, so the lab's sites get twice the time to answer.
test_python() {
	TEST_PATIENCE=${TEST_PATIENCE:-2} TEST_BIN_DIR=$ROOT/$BIN tests/dev/report run --junit "$RESULTS/python.xml" ${1:+--filter "$1"} >&2 || true
	[ -s "$RESULTS/python.xml" ]
}

command_test() {
	local filter=${1:-} run preset
	run=$(run_folder)
	packages_ensure
	tool_buf
	tool_grpcurl
	tool_migrate
	tool_schemathesis
	RESULTS=$run/test/results
	rm -rf "$RESULTS"
	mkdir -p "$RESULTS"
	# shellcheck disable=SC2064
	trap "tests/lab/services down '$run/test'" EXIT
	eval "$(test_services "$run/test" --throwaway)"
	export TEST_DATABASE_URL TEST_REDIS_URL TEST_RUN_DIR=$run/test
	for preset in $TEST_PRESETS; do
		check "build and unit tests, $preset" test_preset "$preset" "$filter"
	done
	if [[ -z $filter || $filter == *fuzz* ]] && [ -n "$TEST_PRESETS" ]; then
		check "fuzz targets ran" test_fuzz "$filter"
	fi
	if [[ -z $filter || $filter == *gateway* ]]; then
		check "gateway: build, vet, staticcheck, tests with the race detector" check_gateway
	else
		check "gateway: build" build_gateway # the end-to-end tests call it
	fi
	check "python tests ran" test_python "$filter"
	if [ -z "$filter" ]; then
		check "format" check_format
		check "buf lint" check_buf_lint
		check "buf breaking" check_buf_breaking
	fi
	tests/dev/report sum "$RESULTS" ${filter:+--filter "$filter"}
}
