// domainflow-gateway is the REST and event stream door of DomainFlow Studio: it translates and holds no business rule.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"domainflow.io/gateway/internal/config"
	"domainflow.io/gateway/internal/server"
)

const usage = `domainflow-gateway - the REST door of DomainFlow Studio

  domainflow-gateway [--flag value ...]   serve until SIGTERM; settings come from flags and the environment
  domainflow-gateway settings             every setting, as a table
  domainflow-gateway version

Exit codes: 0 done, 1 failed, 2 not understood.
`

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(arguments []string) int {
	if len(arguments) == 1 {
		switch arguments[0] {
		case "settings":
			fmt.Print(config.Table())
			return 0
		case "version", "--version":
			fmt.Println("domainflow-gateway", server.Version)
			return 0
		case "help", "-h", "--help":
			fmt.Print(usage)
			return 0
		}
	}
	settings, err := config.Load(arguments, os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "domainflow-gateway:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := server.Run(ctx, settings); err != nil {
		fmt.Fprintln(os.Stderr, "domainflow-gateway:", err)
		return 1
	}
	return 0
}
