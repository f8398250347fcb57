// A bare gRPC server in C++, the yardstick of our unary calls: ServerService.GetServerInfo by the asynchronous interface
// of the same library, one thread, no database, no checks. Prints its port and serves until it is killed.
#include "domainflow/v2/server_service.grpc.pb.h"

#include <google/protobuf/util/time_util.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <string>

namespace pb = domainflow::v2;
using google::protobuf::util::TimeUtil;

constexpr int kPosted = 64;

class Call {
public:
	Call(pb::ServerService::AsyncService *service, grpc::ServerCompletionQueue *queue)
		: service_(service), queue_(queue), writer_(&context_)
	{
		service_->RequestGetServerInfo(&context_, &request_, &writer_, queue_, queue_, this);
	}

	// What came off the queue: a request, or the end of an answer.
	void proceed(bool ok)
	{
		if (is_answered_ || !ok) {
			delete this;
			return;
		}
		new Call(service_, queue_);
		is_answered_ = true;
		answer();
		writer_.Finish(response_, grpc::Status::OK, this);
	}

private:
	void answer()
	{
		response_.set_version("0.0.0");
		response_.set_schema_version(1);
		for (const char *role : { "api", "worker", "jobs" })
			response_.add_roles(role);
		*response_.mutable_started_at() = TimeUtil::GetCurrentTime();
		*response_.mutable_server_time() = TimeUtil::GetCurrentTime();
		response_.set_request_bytes_max(1 << 20);
		response_.set_campaign_domains_max(1000000);
		response_.set_cache_available(true);
	}

	pb::ServerService::AsyncService *service_;
	grpc::ServerCompletionQueue *queue_;
	grpc::ServerContext context_;
	pb::GetServerInfoRequest request_;
	pb::GetServerInfoResponse response_;
	grpc::ServerAsyncResponseWriter<pb::GetServerInfoResponse> writer_;
	bool is_answered_ = false;
};

int main()
{
	pb::ServerService::AsyncService service;
	grpc::ServerBuilder builder;
	int port = 0;
	void *tag;
	bool ok;

	builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
	builder.RegisterService(&service);
	std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
	std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
	if (!server)
		return 1;
	for (int i = 0; i < kPosted; i++)
		new Call(&service, queue.get());
	std::printf("%d\n", port);
	std::fflush(stdout);
	while (queue->Next(&tag, &ok))
		static_cast<Call *>(tag)->proceed(ok);
	return 0;
}
