// Package upstream is the one connection to domainflowd, shared by every request.
package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"domainflow.io/gateway/internal/config"
	"domainflow.io/gateway/internal/request"
)

const (
	answerBytesMax = 64 << 20 // a page of a thousand rows with their features is a few MB
	reconnectMax   = 5 * time.Second
	pingEvery      = time.Minute
	pingWait       = 10 * time.Second
)

// Dial prepares the connection; it is made with the first call and made again whenever it is lost. The caller closes
// it.
func Dial(c *config.Config) (*grpc.ClientConn, error) {
	security, err := transport(c)
	if err != nil {
		return nil, err
	}
	retries := backoff.DefaultConfig
	retries.BaseDelay = 100 * time.Millisecond
	retries.MaxDelay = reconnectMax
	return grpc.NewClient(target(c.Upstream),
		grpc.WithTransportCredentials(security),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: retries, MinConnectTimeout: reconnectMax}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: pingWait}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(answerBytesMax)),
		grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("domainflow-gateway"),
		grpc.WithUnaryInterceptor(request.Unary),
		grpc.WithStreamInterceptor(request.Stream),
	)
}

// target keeps gRPC from asking a resolver, or a proxy of the environment, about an address of our own.
func target(address string) string {
	if len(address) > 5 && address[:5] == "unix:" {
		return address
	}
	return "passthrough:///" + address
}

func transport(c *config.Config) (credentials.TransportCredentials, error) {
	if c.UpstreamCA == "" {
		return insecure.NewCredentials(), nil
	}
	pem, err := os.ReadFile(c.UpstreamCA)
	if err != nil {
		return nil, fmt.Errorf("GRPC_UPSTREAM_CA: %w", err)
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.UpstreamName, RootCAs: x509.NewCertPool()}
	if !settings.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("GRPC_UPSTREAM_CA: no certificate in %s", c.UpstreamCA)
	}
	if c.UpstreamCert != "" {
		pair, err := tls.LoadX509KeyPair(c.UpstreamCert, c.UpstreamKey)
		if err != nil {
			return nil, fmt.Errorf("GRPC_UPSTREAM_CERT: %w", err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(settings), nil
}
