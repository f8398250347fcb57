# shellcheck shell=bash
# Building, formatting, and the pinned tools that are not in Debian.

GRPCURL=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.8.9
MIGRATE=github.com/golang-migrate/migrate/v4/cmd/migrate@v4.19.1 # the tool whose books `domainflowd migrate` keeps
BUF=tests/tools/node_modules/@bufbuild/buf-linux-x64/bin/buf
IMAGE=proto/image.binpb

# Configures once, then lets ninja find what changed.
build() {
	local preset=$1
	shift
	step "building $preset"
	[ -e "build/$preset/build.ninja" ] || quietly "build/$preset.configure.log" cmake --preset "$preset" || return 1
	quietly "build/$preset.log" cmake --build "build/$preset" "$@"
}

# The REST gateway, next to the C programs.
build_gateway() {
	local version
	step "building domainflow-gateway"
	version=$(sed -n 's/^project(domainflow .*VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
	mkdir -p "$BIN"
	GOTOOLCHAIN=local quietly build/gateway.log gateway_compile "-X domainflow.io/gateway/internal/server.Version=$version"
}

gateway_compile() {
	gateway/generate && (cd gateway && go build -buildvcs=false -trimpath -ldflags "$1" -o "$ROOT/$BIN/" ./cmd/...)
}

# What the gateway's code must pass; its tests run under the race detector.
check_gateway() {
	local unformatted
	build_gateway || return 1
	unformatted=$(cd gateway && gofmt -l cmd internal ./*.go | grep -v '^internal/pb/' || true)
	[ -z "$unformatted" ] || { say "not formatted: $unformatted" && return 1; }
	(
		cd gateway
		export GOTOOLCHAIN=local
		go vet ./... && go tool staticcheck ./... && go test -race -count=1 ./... >&2
	)
}

tool_buf() {
	[ -x $BUF ] && [ ! tests/tools/package-lock.json -nt $BUF ] && return
	step "fetching buf"
	(cd tests/tools && npm ci --no-fund --no-audit --loglevel=error >&2) || die "npm could not fetch buf"
	[ -x $BUF ] || die "buf has no pinned package for this platform (tests/tools/package.json)"
	touch $BUF
}

# Builds a pinned Go program into .cache/bin, unless that version is there already. More arguments are go install's.
tool_go() {
	local package=$1 name
	shift
	name=$(basename "${package%@*}")
	[ "$(go version -m ".cache/bin/$name" 2>/dev/null | awk '$1 == "mod" { print $3 }')" = "${package#*@}" ] && return
	step "building $name"
	mkdir -p .cache/bin
	GOBIN=$ROOT/.cache/bin GOPATH=$ROOT/.cache/go GOFLAGS=-modcacherw quietly ".cache/$name.log" go install "$@" "$package" ||
		die "go could not build $name"
}

tool_grpcurl() { tool_go $GRPCURL; }

tool_migrate() { tool_go $MIGRATE -tags postgres; }

# A virtual environment is not moved or upgraded, so another list gets another one.
tool_schemathesis() {
	local list=tests/tools/schemathesis.txt
	cmp -s $list .cache/schemathesis/installed.txt && return
	step "fetching schemathesis"
	rm -rf .cache/schemathesis
	python3 -m venv .cache/schemathesis && quietly .cache/schemathesis.log \
		.cache/schemathesis/bin/python -m pip install --no-deps -r $list || die "pip could not fetch schemathesis"
	cp $list .cache/schemathesis/installed.txt
}

our_c_files() { git ls-files 'server/*.[ch]' 'client/*.[ch]' 'proto/*.[ch]' 'tests/*.[ch]'; }

command_fmt() {
	packages_ensure
	our_c_files | xargs clang-format-14 -i
}

# Names the files that ./dev fmt would change.
check_format() {
	local file changed=0
	while read -r file; do
		clang-format-14 "$file" | cmp -s - "$file" || { say "not formatted: $file" && changed=1; }
	done < <(our_c_files)
	return $changed
}

check_buf_lint() { $BUF lint proto; }

check_buf_breaking() { $BUF breaking proto --against $IMAGE; }

# clang-tidy over our .c files as the debug preset compiles them. gcc's own warning flags mean nothing to clang.
check_tidy() {
	build debug || return 1 # headers are generated
	step "clang-tidy"
	git ls-files 'server/*.c' 'client/*.c' 'proto/*.c' 'tests/*.c' |
		while read -r file; do
			grep -qF "\"$ROOT/$file\"" build/debug/compile_commands.json && printf '%s\0' "$file"
		done |
		xargs -0 -P "$(nproc)" -n 8 clang-tidy-14 --quiet -p build/debug --extra-arg=-Wno-unknown-warning-option \
			2> >(grep -v -e 'warnings\? generated' -e 'Suppressed' -e 'Use -header-filter' >&2)
}

command_tidy() {
	packages_ensure
	check_tidy && say "tidy: nothing to say"
}

command_lint() {
	packages_ensure
	tool_buf
	check_format && check_buf_lint && check_buf_breaking && check_tidy && say "lint: nothing to say"
}

command_image() {
	packages_ensure
	tool_buf
	$BUF build proto -o $IMAGE
}

lab_value() { python3 -c 'import json, sys; v = json.load(open(sys.argv[1]))[sys.argv[2]]; print(v[0] if isinstance(v, list) else v)' "$@"; }

# What a benchmark is given when the caller gives it nothing. The first argument is the lab's lab.json.
bench_arguments() {
	case $2 in
	dns) printf '%s\n' "$(lab_value "$1" resolvers)" site.test 100000 1000 ;;
	extract) printf '%s\n' /usr/share/doc/postgresql-doc-15/html ;;
	http) printf '%s\n' 127.1.1.5 "$(lab_value "$1" http_port)" 0 site.test 50000 256 ;;
	esac
}

bench_names() { (cd tests/bench && ls bench_*.c) | sed 's/^bench_\(.*\)\.c$/\1/'; }

# One of the C benchmarks by itself; without arguments it is given those above.
bench_one() {
	local name=$1 folder
	shift
	[ -e "tests/bench/bench_$name.c" ] || die "no benchmark '$name'; there are: $(bench_names | paste -sd' ')"
	build release --target "bench_$name" || die "the release build failed"
	folder=$(run_folder)/bench # durable, as in production: what is measured here must hold there
	# shellcheck disable=SC2064
	trap "tests/lab/lab down --dir '$folder/lab'; tests/lab/services down '$folder'" EXIT
	eval "$(test_services "$folder")"
	tests/lab/lab up --dir "$folder/lab" >/dev/null
	export TEST_DATABASE_URL TEST_REDIS_URL
	if [ $# -eq 0 ]; then
		mapfile -t < <(bench_arguments "$folder/lab/lab.json" "$name")
		set -- "${MAPFILE[@]}"
	fi
	"build/release/bin/bench_$name" "$@"
}

# The bare C++ server that our unary calls are compared with. Only benchmarks need C++.
yardstick_build() {
	local program=$BIN/yardstick_grpc
	[ ! tests/bench/yardstick_grpc.cc -nt "$program" ] && [ ! proto/domainflow/v2/server_service.proto -nt "$program" ] &&
		return
	step "building the yardstick"
	quietly build/yardstick.log yardstick_compile "$program" build/yardstick
}

yardstick_compile() {
	local program=$1 generated=$2 flags
	mkdir -p "$generated"
	protoc -Iproto --cpp_out="$generated" --grpc_out="$generated" --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin \
		domainflow/v2/options.proto domainflow/v2/server_service.proto || return 1
	flags=$(pkg-config --cflags --libs grpc++ protobuf) || return 1
	# shellcheck disable=SC2086
	c++ -std=c++17 -O2 -I"$generated" -o "$program" tests/bench/yardstick_grpc.cc "$generated"/domainflow/v2/*.cc $flags
}

# bench [--rounds N] [--domains N] [--sites N] [--only GROUP]: everything through the product, into docs/benchmarks.md.
# bench --million: campaigns of a million domains, into their own part of it.
# bench NAME [ARGUMENT...]: one of the C benchmarks.
command_bench() {
	packages_ensure nghttp2-client dnsperf wrk
	if [ $# -gt 0 ] && [[ $1 != -* ]]; then
		bench_one "$@"
		return
	fi
	packages_ensure g++ libgrpc++-dev protobuf-compiler-grpc
	tool_grpcurl
	build release --target domainflowd dfctl bench_extract bench_lists null_dns sse_clients || die "the release build failed"
	build_gateway || die "the gateway can't be built"
	yardstick_build || die "the yardstick can't be built"
	step "the benchmarks"
	TEST_BIN_DIR=$ROOT/$BIN TEST_RUN_DIR=$(run_folder)/bench tests/bench/bench.py --write docs/benchmarks.md "$@"
}
