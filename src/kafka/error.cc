#include "kafka/error.h"

#include <array>
#include <utility>

namespace headroom {
namespace {

constexpr std::pair<rd_kafka_resp_err_t, Code> kCodes[] = {
    {RD_KAFKA_RESP_ERR_NO_ERROR, Code::kOk},
    // No answer in time.
    {RD_KAFKA_RESP_ERR__TIMED_OUT, Code::kTimeout},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, Code::kTimeout},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, Code::kTimeout},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, Code::kTimeout},
    {RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, Code::kTimeout},
    // Nobody there, or not yet.
    {RD_KAFKA_RESP_ERR__TRANSPORT, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__RESOLVE, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__WAIT_COORD, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__WAIT_CACHE, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__NODE_UPDATE, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__IN_PROGRESS, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__RETRY, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, Code::kUnavailable},
    // Another is in this place.
    {RD_KAFKA_RESP_ERR__FENCED, Code::kFenced},
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, Code::kFenced},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, Code::kFenced},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, Code::kFenced},
    // Refused without effect.
    {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, Code::kAborted},
    {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, Code::kAborted},
    {RD_KAFKA_RESP_ERR__STATE, Code::kAborted},
    {RD_KAFKA_RESP_ERR__PURGE_QUEUE, Code::kAborted},
    {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, Code::kAborted},
    // Not allowed.
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, Code::kDenied},
    {RD_KAFKA_RESP_ERR__SSL, Code::kDenied},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, Code::kDenied},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Code::kDenied},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, Code::kDenied},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, Code::kDenied},
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, Code::kDenied},
    // Not there.
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, Code::kNotFound},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, Code::kNotFound},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Code::kNotFound},
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, Code::kNotFound},
    {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, Code::kNotFound},
    {RD_KAFKA_RESP_ERR__NO_OFFSET, Code::kNotFound},
    // A limit.
    {RD_KAFKA_RESP_ERR__QUEUE_FULL, Code::kExhausted},
    // Wrong input.
    {RD_KAFKA_RESP_ERR__INVALID_ARG, Code::kInvalid},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Code::kInvalid},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, Code::kInvalid},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, Code::kInvalid},
    {RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, Code::kInvalid},
    {RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, Code::kInvalid},
    {RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE, Code::kInvalid},
    {RD_KAFKA_RESP_ERR_INVALID_CONFIG, Code::kInvalid},
    {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, Code::kInvalid},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, Code::kDenied},
    // Bytes.
    {RD_KAFKA_RESP_ERR__BAD_MSG, Code::kCorrupt},
    {RD_KAFKA_RESP_ERR_INVALID_MSG, Code::kCorrupt},
};

}  // namespace

Code kafka_code(rd_kafka_resp_err_t error) {
  for (const auto& [known, code] : kCodes)
    if (known == error) return code;
  return Code::kInternal;
}

Status kafka_status(rd_kafka_resp_err_t error, std::string_view doing) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Status::ok();
  return Status(kafka_code(error), std::string(doing) + ": " + rd_kafka_err2str(error) + " (" + rd_kafka_err2name(error) + ")");
}

Status kafka_status(const rd_kafka_error_t* error, std::string_view doing) {
  if (error == nullptr) return Status::ok();
  return Status(kafka_code(rd_kafka_error_code(error)),
                std::string(doing) + ": " + rd_kafka_error_string(error) + " (" + rd_kafka_error_name(error) + ")");
}

bool is_lost_membership(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID || error == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
}

bool is_fenced(rd_kafka_resp_err_t error) {
  return kafka_code(error) == Code::kFenced;
}

}  // namespace headroom
