// Package config is the table of the gateway's settings. Each is an environment variable or a flag of the same name
// (REST_ADDRESS, --rest-address); what can't be read ends the program with one sentence.
package config

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is read once at the start and never changes. Nothing in it is a secret but the content of the key file it
// names.
type Config struct {
	RESTAddress      string        // where browsers and clients come to
	IsOpen           bool          // RESTAddress may be reached from elsewhere
	OpsAddress       string        // /metrics, /livez, /readyz; not for untrusted networks
	Upstream         string        // gRPC of domainflowd
	UpstreamCA       string        // PEM; with it the connection upstream is TLS
	UpstreamCert     string        // PEM; our side of mutual TLS
	UpstreamKey      string        // PEM
	UpstreamName     string        // name in the server's certificate, when not the host dialled
	AllowedOrigins   []string      // of CORS; empty: none
	AllowedHosts     []string      // names the loopback port answers to besides its own
	Deadline         time.Duration // of a unary call upstream
	RequestsMax      int           // under way at once, streams aside
	Drain            time.Duration // longest a shutdown waits for requests under way
	LogLevel         string        // debug, info, warn or error
	StreamsMax       int           // event streams open at once
	StreamsKeepAlive time.Duration // between two heartbeats of an event stream
}

// setting is one line of the table.
type setting struct {
	name  string // the environment variable
	value string // default
	span  string // allowed values, for people
	help  string
	read  func(config *Config, text string) error
}

var settings = []setting{
	{"REST_ADDRESS", "127.0.0.1:8080", "", "host:port of REST and event streams",
		address(func(c *Config) *string { return &c.RESTAddress })},
	{"REST_OPEN", "false", "",
		"true lets REST_ADDRESS be other than loopback: whoever reaches it may do everything, since nobody signs in yet",
		boolean(func(c *Config) *bool { return &c.IsOpen })},
	{"GATEWAY_OPS_ADDRESS", "127.0.0.1:8092", "", "host:port of the gateway's /metrics, /livez and /readyz",
		address(func(c *Config) *string { return &c.OpsAddress })},
	{"GRPC_UPSTREAM", "127.0.0.1:8090", "", "host:port or unix:/path of domainflowd's gRPC port",
		text(func(c *Config) *string { return &c.Upstream })},
	{"GRPC_UPSTREAM_CA", "", "", "PEM file of who signed domainflowd's certificate; empty means plaintext",
		text(func(c *Config) *string { return &c.UpstreamCA })},
	{"GRPC_UPSTREAM_CERT", "", "", "PEM file of the gateway's certificate, for mutual TLS",
		text(func(c *Config) *string { return &c.UpstreamCert })},
	{"GRPC_UPSTREAM_KEY", "", "", "PEM file of the key of that certificate",
		text(func(c *Config) *string { return &c.UpstreamKey })},
	{"GRPC_UPSTREAM_NAME", "", "", "name in domainflowd's certificate, when it is not the host of GRPC_UPSTREAM",
		text(func(c *Config) *string { return &c.UpstreamName })},
	{"ALLOWED_ORIGINS", "", "", "origins browsers may call from, comma separated; empty means only the gateway's own",
		origins(func(c *Config) *[]string { return &c.AllowedOrigins })},
	{"ALLOWED_HOSTS", "", "",
		"host names a REST_ADDRESS on loopback answers to besides this machine's, comma separated: those of a proxy",
		names(func(c *Config) *[]string { return &c.AllowedHosts })},
	{"REST_DEADLINE", "30s", "1s–5m", "longest one request waits for domainflowd",
		duration(func(c *Config) *time.Duration { return &c.Deadline }, time.Second, 5*time.Minute)},
	{"REST_REQUESTS_MAX", "256", "1–10000", "requests under way at once, event streams aside; beyond it 503 at once",
		number(func(c *Config) *int { return &c.RequestsMax }, 1, 10000)},
	{"REST_DRAIN", "10s", "0s–5m", "longest a shutdown waits for requests under way",
		duration(func(c *Config) *time.Duration { return &c.Drain }, 0, 5*time.Minute)},
	{"REST_STREAMS_MAX", "1000", "1–100000", "event streams open at once",
		number(func(c *Config) *int { return &c.StreamsMax }, 1, 100000)},
	{"REST_STREAMS_KEEP_ALIVE", "12s", "100ms–40s", "time between two heartbeats of an event stream",
		duration(func(c *Config) *time.Duration { return &c.StreamsKeepAlive }, 100*time.Millisecond, 40*time.Second)},
	{"LOG_LEVEL", "info", "", "debug, info, warn or error",
		word(func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error")},
}

// Load reads the settings from flags, then the environment, then the defaults.
func Load(arguments []string, environment func(string) (string, bool)) (*Config, error) {
	flags, err := readFlags(arguments)
	if err != nil {
		return nil, err
	}
	config := &Config{}
	for _, s := range settings {
		value, given := flags[s.name]
		if !given {
			value, given = environment(s.name)
		}
		if !given {
			value = s.value
		}
		if err := s.read(config, value); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if host, _, _ := net.SplitHostPort(config.RESTAddress); !IsLoopback(host) && !config.IsOpen {
		return nil, fmt.Errorf("REST_ADDRESS: '%s' is not on loopback, and nobody has to sign in yet: put a proxy that "+
			"asks for it before a loopback address, or set REST_OPEN=true", config.RESTAddress)
	}
	if (config.UpstreamCert == "") != (config.UpstreamKey == "") {
		return nil, fmt.Errorf("GRPC_UPSTREAM_CERT and GRPC_UPSTREAM_KEY go together")
	}
	if config.UpstreamCert != "" && config.UpstreamCA == "" {
		return nil, fmt.Errorf("GRPC_UPSTREAM_CERT needs GRPC_UPSTREAM_CA")
	}
	return config, nil
}

// Table is every setting as the rows of docs/operations.md.
func Table() string {
	var out strings.Builder
	out.WriteString("| environment | default | range | meaning |\n|---|---|---|---|\n")
	for _, s := range settings {
		value := ""
		if s.value != "" {
			value = "`" + s.value + "`"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", s.name, value, s.span, s.help)
	}
	return out.String()
}

// readFlags accepts --name value and --name=value; the keys are names of environment variables.
func readFlags(arguments []string) (map[string]string, error) {
	found := map[string]string{}
	for i := 0; i < len(arguments); i++ {
		name, isFlag := strings.CutPrefix(arguments[i], "--")
		if !isFlag {
			return nil, fmt.Errorf("'%s' is not a flag", arguments[i])
		}
		name, value, hasValue := strings.Cut(name, "=")
		key := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if !slices.ContainsFunc(settings, func(s setting) bool { return s.name == key }) {
			return nil, fmt.Errorf("there is no setting %s", key)
		}
		if !hasValue {
			i++
			if i == len(arguments) {
				return nil, fmt.Errorf("--%s needs a value", name)
			}
			value = arguments[i]
		}
		found[key] = value
	}
	return found, nil
}

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = value
		return nil
	}
}

func word(field func(*Config) *string, words ...string) func(*Config, string) error {
	return func(c *Config, value string) error {
		for _, w := range words {
			if value == w {
				*field(c) = value
				return nil
			}
		}
		return fmt.Errorf("'%s' is none of %s", value, strings.Join(words, ", "))
	}
}

func boolean(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, value string) error {
		if value != "true" && value != "false" {
			return fmt.Errorf("'%s' is neither true nor false", value)
		}
		*field(c) = value == "true"
		return nil
	}
}

func address(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		if _, _, err := net.SplitHostPort(value); err != nil {
			return fmt.Errorf("'%s' is not host:port", value)
		}
		*field(c) = value
		return nil
	}
}

// IsLoopback says whether only this machine reaches a host of that name or number.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// names are host names without a port.
func names(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) error {
		for _, part := range strings.Split(value, ",") {
			part = strings.ToLower(strings.TrimSpace(part))
			if strings.ContainsAny(part, "/: *") {
				return fmt.Errorf("'%s' is not a host name", part)
			}
			if part != "" {
				*field(c) = append(*field(c), part)
			}
		}
		return nil
	}
}

// origins are scheme://host[:port], as browsers send them.
func origins(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) error {
		for _, part := range strings.Split(value, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			if http.NewCrossOriginProtection().AddTrustedOrigin(part) != nil {
				return fmt.Errorf("'%s' is not an origin such as https://app.example", part)
			}
			*field(c) = append(*field(c), part)
		}
		return nil
	}
}

func number(field func(*Config) *int, least, most int) func(*Config, string) error {
	return func(c *Config, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return fmt.Errorf("'%s' is not a number from %d to %d", value, least, most)
		}
		*field(c) = n
		return nil
	}
}

func duration(field func(*Config) *time.Duration, least, most time.Duration) func(*Config, string) error {
	return func(c *Config, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < least || d > most {
			return fmt.Errorf("'%s' is not a duration from %s to %s", value, least, most)
		}
		*field(c) = d
		return nil
	}
}
