"""What happens to Kafka."""
from fault import Fault


def kafka_restart(run, chance):
    how = chance.choice(["restart-kafka", "kill-kafka"])
    run.cluster.run(how)
    run.cluster.run("start")


def kafka_node(run, chance):
    node = str(chance.randint(1, run.args.kafka_nodes))
    run.cluster.run("kill-kafka", "--node", node)
    run.pause(chance.uniform(0, 15))
    run.cluster.run("start")


def one_node(run):
    return None if run.args.kafka_nodes == 3 else "one broker only; --kafka-nodes 3 starts three"


FAULTS = [
    Fault("kafka_restart", "nothing is read or committed meanwhile; it starts again by itself", "SIGTERM or SIGKILL, then a start on the same data", kafka_restart),
    Fault("kafka_node", "leaders and coordinators move; after that commits go on with two nodes of three",
          "SIGKILL of one node of three, brought back after up to 15 s", kafka_node, missing=one_node),
]
