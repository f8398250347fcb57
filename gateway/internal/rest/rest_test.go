package rest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"domainflow.io/gateway/internal/pb"
	"domainflow.io/gateway/internal/request"
)

// server stands in for domainflowd: it remembers the call and gives one answer.
type server struct {
	mutex    sync.Mutex
	method   string
	metadata metadata.MD
	input    []byte
	answer   proto.Message // nil: refuses
	deadline bool
}

func (s *server) handle(_ any, stream grpc.ServerStream) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.method, _ = grpc.MethodFromServerStream(stream)
	s.metadata, _ = metadata.FromIncomingContext(stream.Context())
	_, s.deadline = stream.Context().Deadline()
	frame := &pb.GetServerInfoRequest{} // keeps what it does not know
	if err := stream.RecvMsg(frame); err != nil {
		return err
	}
	s.input, _ = proto.Marshal(frame)
	if s.answer == nil {
		return status.Error(codes.FailedPrecondition, "not now")
	}
	stream.SetTrailer(metadata.Pairs("x-idempotent-replay", "true", "x-other", "secret"))
	return stream.SendMsg(s.answer)
}

// open starts the server and a handler before it.
func open(t *testing.T) (*server, http.Handler) {
	t.Helper()
	s := &server{}
	back := grpc.NewServer(grpc.UnknownServiceHandler(s.handle))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = back.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(request.Unary), grpc.WithStreamInterceptor(request.Stream))
	if err != nil {
		t.Fatal(err)
	}
	handler, err := New(conn, time.Minute, 16)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		back.Stop()
	})
	return s, handler
}

func ask(handler http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	info := &request.Info{ID: "the-id", IdempotencyKey: "the-key"}
	r.Header.Set("Grpc-Metadata-Principal", "admin")
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("X-Forwarded-For", "10.0.0.1")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r.WithContext(request.With(context.Background(), info)))
	return w
}

// example is a path of the route.
func example(route *Route) string {
	var parts []string
	for _, segment := range strings.Split(route.Template, "/") {
		name, literal, isFixed := strings.Cut(strings.Trim(segment, "{}"), "=")
		switch {
		case !strings.HasPrefix(segment, "{"):
			parts = append(parts, segment)
		case isFixed:
			parts = append(parts, literal)
		case name == "phase":
			parts = append(parts, "dns")
		default:
			parts = append(parts, "01a209ce-feb9-77b1-9d2d-fa3ef4e55e35")
		}
	}
	return strings.Join(parts, "/")
}

func TestEveryRouteReachesItsRPC(t *testing.T) {
	s, handler := open(t)
	routes, err := Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range routes {
		w := ask(handler, route.Method, example(route), "")
		wanted := "/" + strings.Replace(string(route.RPC.FullName()), "."+string(route.RPC.Name()),
			"/"+string(route.RPC.Name()), 1)
		if w.Code != http.StatusConflict || s.method != wanted {
			t.Errorf("%s %s answered %d and called %s: %s", route.Method, route.Template, w.Code, s.method, w.Body)
		}
		if !s.deadline {
			t.Errorf("%s has no deadline", s.method)
		}
	}
}

func TestNamesOfRoutesExist(t *testing.T) {
	routes, _ := Routes()
	for _, route := range routes {
		input, output := route.RPC.Input().Fields(), route.RPC.Output().Fields()
		for name := range route.inPath {
			if input.ByName(name) == nil {
				t.Errorf("%s: %s has no field %s", route.Template, route.RPC.Input().Name(), name)
			}
		}
		for _, name := range route.Query {
			if input.ByName(protoreflect.Name(name)) == nil {
				t.Errorf("%s: %s has no field %s", route.Template, route.RPC.Input().Name(), name)
			}
		}
		if route.ResponseBody != "" && output.ByName(protoreflect.Name(route.ResponseBody)) == nil {
			t.Errorf("%s: %s has no field %s", route.Template, route.RPC.Output().Name(), route.ResponseBody)
		}
	}
}

func TestOnlyWhatTheGatewayCheckedReachesTheServer(t *testing.T) {
	s, handler := open(t)
	ask(handler, http.MethodGet, "/api/v2/campaigns", "")
	for name := range s.metadata {
		switch name {
		case ":authority", "content-type", "user-agent", "x-request-id", "x-idempotency-key", "grpc-accept-encoding":
		default:
			t.Errorf("%s was passed on: %v", name, s.metadata[name])
		}
	}
	if s.metadata.Get("x-request-id")[0] != "the-id" || s.metadata.Get("x-idempotency-key")[0] != "the-key" {
		t.Error(s.metadata)
	}
}

func TestPathQueryAndBodyBecomeOneRequest(t *testing.T) {
	s, handler := open(t)
	ask(handler, http.MethodPost, "/api/v2/campaigns/abc/phases/http/pause?expected_state=running", "")
	paused := &pb.PausePhaseRequest{}
	if err := proto.Unmarshal(s.input, paused); err != nil || paused.CampaignId != "abc" ||
		paused.Phase != pb.Phase_PHASE_HTTP ||
		paused.ExpectedState != pb.PhaseStatus_PHASE_STATUS_IN_PROGRESS {
		t.Error(paused, err)
	}
	ask(handler, http.MethodGet, "/api/v2/campaigns?limit=5&status=draft&search=a%20b", "")
	list := &pb.ListCampaignsRequest{}
	if err := proto.Unmarshal(s.input, list); err != nil || list.GetLimit() != 5 || list.Search != "a b" ||
		list.Status != pb.CampaignStatus_CAMPAIGN_STATUS_DRAFT {
		t.Error(list, err)
	}
	ask(handler, http.MethodGet, "/api/v2/personas/http/abc", "")
	persona := &pb.GetPersonaRequest{}
	if err := proto.Unmarshal(s.input, persona); err != nil ||
		persona.PersonaType != pb.PersonaType_PERSONA_TYPE_HTTP || persona.PersonaId != "abc" {
		t.Error(persona, err)
	}
}

func TestAnswers(t *testing.T) {
	s, handler := open(t)
	s.answer = &pb.CreateCampaignResponse{Campaign: &pb.Campaign{Id: "x y", Name: "n"}}
	w := ask(handler, http.MethodPost, "/api/v2/campaigns", `{"name":"n"}`)
	if w.Code != http.StatusCreated || w.Header().Get("Location") != "/api/v2/campaigns/x%20y" ||
		w.Header().Get("X-Idempotent-Replay") != "true" || !strings.HasPrefix(w.Body.String(), `{"id":"x y","name":"n"`) {
		t.Error(w.Code, w.Header(), w.Body)
	}
	for name := range w.Header() {
		if strings.Contains(strings.ToLower(name), "grpc") || strings.Contains(strings.ToLower(name), "other") {
			t.Errorf("%s left the gateway", name)
		}
	}
	s.answer = &pb.ListCampaignsResponse{Campaigns: []*pb.Campaign{{Id: "a"}, {Id: "b"}}, TotalSize: 7}
	w = ask(handler, http.MethodGet, "/api/v2/campaigns", "")
	if w.Code != 200 || w.Header().Get("X-Total-Count") != "7" || w.Body.String()[0] != '[' ||
		w.Header().Get("Cache-Control") != "no-store" {
		t.Error(w.Code, w.Header(), w.Body)
	}
	s.answer = &pb.ListCampaignsResponse{}
	if w = ask(handler, http.MethodGet, "/api/v2/campaigns", ""); w.Body.String() != "[]" {
		t.Error(w.Body)
	}
	s.answer = &pb.DeleteCampaignResponse{}
	w = ask(handler, http.MethodDelete, "/api/v2/campaigns/a", "")
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 || w.Header().Get("Content-Type") != "" {
		t.Error(w.Code, w.Header(), w.Body)
	}
}

// half is a body that breaks off.
type half struct{ why error }

func (h half) Read([]byte) (int, error) { return 0, h.why }

// patient is a connection that remembers whether its read deadline was taken away.
type patient struct {
	*httptest.ResponseRecorder
	isFree bool
}

func (p *patient) SetReadDeadline(until time.Time) error {
	p.isFree = until.IsZero()
	return nil
}

func TestOnlyAWholeBodyEndsTheWaitForIt(t *testing.T) {
	_, handler := open(t)
	for _, c := range []struct {
		body   io.Reader
		status int
		isFree bool
	}{
		{strings.NewReader("{}"), http.StatusConflict, true},
		{half{os.ErrDeadlineExceeded}, http.StatusRequestTimeout, false},
		{half{io.ErrUnexpectedEOF}, http.StatusBadRequest, false},
	} {
		r := httptest.NewRequest(http.MethodPost, "/api/v2/campaigns", c.body)
		r.Header.Set("Content-Type", "application/json")
		w := &patient{ResponseRecorder: httptest.NewRecorder()}
		handler.ServeHTTP(w, r)
		if w.Code != c.status || w.isFree != c.isFree {
			t.Errorf("%v: %d, %v", c.body, w.Code, w.isFree)
		}
	}
}

func TestTooMuchAtOnceIsRefused(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	handler := atOnce(1, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-release
	}))
	done := make(chan int)
	one := func() { done <- ask(handler, http.MethodGet, "/", "").Code }
	go one()
	<-entered
	if w := ask(handler, http.MethodGet, "/", ""); w.Code != http.StatusServiceUnavailable ||
		w.Header().Get("Retry-After") != "1" {
		t.Error(w.Code, w.Header())
	}
	release <- struct{}{}
	<-done
	go one() // the place is free again
	<-entered
	release <- struct{}{}
	if code := <-done; code != http.StatusOK {
		t.Error(code)
	}
}

func TestWrongMethodsNameTheRightOnes(t *testing.T) {
	_, handler := open(t)
	for path, allowed := range map[string]string{"/api/v2/campaigns": "GET, POST",
		"/api/v2/campaigns/a":                  "DELETE, GET, PUT",
		"/api/v2/campaigns/a/phases/dns/start": "POST"} {
		if w := ask(handler, "PATCH", path, ""); w.Code != 405 || w.Header().Get("Allow") != allowed {
			t.Error(path, w.Code, w.Header().Get("Allow"))
		}
	}
	if w := ask(handler, "PATCH", "/api/v2/nothing", ""); w.Code != 404 {
		t.Error(w.Code)
	}
}

func TestPathsAreUnescapedOnce(t *testing.T) {
	s, handler := open(t)
	for path, wanted := range map[string]string{"%25": "%", "%2541": "%41", "a%2Eb": "a.b", "%C3%A4": "ä",
		"a%2541%20": "a%41 "} {
		s.input = nil
		ask(handler, http.MethodGet, "/api/v2/campaigns/abc/domains/"+path, "")
		asked := &pb.GetDomainRequest{}
		if err := proto.Unmarshal(s.input, asked); err != nil || asked.Domain != wanted {
			t.Errorf("%s became %q %v", path, asked.Domain, err)
		}
	}
	s.method = ""
	if w := ask(handler, http.MethodGet, "/api/v2/campaigns?search=%FF", ""); w.Code != 400 || s.method != "" {
		t.Error(w.Code, s.method)
	}
}
