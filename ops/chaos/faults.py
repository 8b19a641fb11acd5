"""Every fault, in one table."""
import kafka_faults
import network_faults
import record_faults
import redis_faults
import worker_faults

FAULTS = worker_faults.FAULTS + kafka_faults.FAULTS + redis_faults.FAULTS + network_faults.FAULTS + record_faults.FAULTS
BY_NAME = {fault.name: fault for fault in FAULTS}
