package config

import (
	"strings"
	"testing"
	"time"
)

func load(flags string, environment map[string]string) (*Config, error) {
	return Load(strings.Fields(flags), func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	})
}

func TestFlagsWinOverTheEnvironmentAndThatOverDefaults(t *testing.T) {
	c, err := load("--rest-deadline 5s --log-level=warn", map[string]string{"REST_DEADLINE": "7s",
		"REST_ADDRESS":    "127.0.0.1:1",
		"ALLOWED_ORIGINS": "https://a.example, http://b.example:1"})
	if err != nil || c.Deadline != 5*time.Second || c.RESTAddress != "127.0.0.1:1" || c.LogLevel != "warn" ||
		c.Upstream != "127.0.0.1:8090" || len(c.AllowedOrigins) != 2 || c.AllowedOrigins[1] != "http://b.example:1" {
		t.Error(c, err)
	}
}

func TestWhatCantBeReadIsSaid(t *testing.T) {
	for flags, wanted := range map[string]string{
		"--rest-deadline soon": "REST_DEADLINE: 'soon' is not a duration from 1s to 5m0s",
		"--rest-deadline 6m":   "REST_DEADLINE: '6m' is not a duration from 1s to 5m0s",
		"--rest-streams-max 0": "REST_STREAMS_MAX: '0' is not a number from 1 to 100000",
		"--log-level loud":     "LOG_LEVEL: 'loud' is none of debug, info, warn, error",
		"--rest-address":       "--rest-address needs a value",
		"serve":                "'serve' is not a flag",
		"--frobnicate 1":       "there is no setting FROBNICATE",
		"--frobnicate":         "there is no setting FROBNICATE",
		"--grpc-upstream-cert a --grpc-upstream-ca b":  "GRPC_UPSTREAM_CERT and GRPC_UPSTREAM_KEY go together",
		"--grpc-upstream-cert a --grpc-upstream-key b": "GRPC_UPSTREAM_CERT needs GRPC_UPSTREAM_CA",
		"--allowed-origins *":                          "ALLOWED_ORIGINS: '*' is not an origin such as https://app.example",
		"--allowed-origins https://a.example/path": "ALLOWED_ORIGINS: 'https://a.example/path' is not an origin " +
			"such as https://app.example",
		"--allowed-hosts https://a.example": "ALLOWED_HOSTS: 'https://a.example' is not a host name",
		"--rest-address 8080":               "REST_ADDRESS: '8080' is not host:port",
		"--rest-open yes":                   "REST_OPEN: 'yes' is neither true nor false",
	} {
		if _, err := load(flags, nil); err == nil || err.Error() != wanted {
			t.Errorf("%s: %v", flags, err)
		}
	}
}

func TestTheDoorIsOpenedOnPurpose(t *testing.T) {
	for address, isOurs := range map[string]bool{"127.0.0.1:1": true, "127.8.0.1:1": true, "[::1]:1": true,
		"localhost:1": true, ":1": false, "0.0.0.0:1": false, "[::]:1": false,
		"192.0.2.1:1": false, "name.example:1": false} {
		_, err := load("--rest-address "+address, nil)
		if (err == nil) != isOurs || err != nil && !strings.Contains(err.Error(), "REST_OPEN=true") {
			t.Errorf("%s: %v", address, err)
		}
		if _, err := load("--rest-open true --rest-address "+address, nil); err != nil {
			t.Errorf("%s, open: %v", address, err)
		}
	}
}

func TestTheTableNamesEverySetting(t *testing.T) {
	table := Table()
	for _, s := range settings {
		if !strings.Contains(table, "| `"+s.name+"` |") || s.help == "" {
			t.Error(s.name)
		}
	}
}
