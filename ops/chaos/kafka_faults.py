"""What happens to Kafka."""
from fault import Fault

THREE_NODES_MIB = 2500  # heaps of 384 MiB, and what a JVM takes beside them


def kafka_restart(run, chance):
    how = chance.choice(["restart-kafka", "kill-kafka"])
    run.cluster.run(how)
    run.cluster.run("start")


def kafka_node(run, chance):
    node = str(chance.randint(1, run.args.kafka_nodes))
    run.cluster.run("kill-kafka", "--node", node)
    run.pause(chance.uniform(0, 15))
    run.cluster.run("start")


def affordable_nodes(wanted):
    """(brokers to start, why not more)."""
    if wanted == 1:
        return 1, "one broker only; --kafka-nodes 3 starts three"
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        free_mib = next(int(line.split()[1]) for line in meminfo if line.startswith("MemAvailable")) // 1024
    return (3, None) if free_mib >= THREE_NODES_MIB else (1, f"three brokers want {THREE_NODES_MIB} MiB of memory, {free_mib} are free")


def one_node(run):
    return run.one_node_why


FAULTS = [
    Fault("kafka_restart", "nothing is read or committed meanwhile; it starts again by itself", "SIGTERM or SIGKILL, then a start on the same data", kafka_restart),
    Fault("kafka_node", "leaders and coordinators move; after that commits go on with two nodes of three",
          "SIGKILL of one node of three, brought back after up to 15 s", kafka_node, missing=one_node),
]
