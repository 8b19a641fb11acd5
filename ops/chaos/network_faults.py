"""What happens to the network between the workers and the servers: a proxy stands in for it. Producer and audit have a way of their own."""
from fault import Fault


def proxies(run, which):
    return run.kafka_proxies if which == "kafka" else [run.redis_proxy]


def cut(which):
    def inject(run, chance):
        broken(run, chance, proxies(run, which), lambda proxy: proxy.cut(), (1, 8))
    return inject


def hold(which):
    def inject(run, chance):
        broken(run, chance, proxies(run, which), lambda proxy: proxy.hold(), (2, 15))
    return inject


def delay(which):
    def inject(run, chance):
        seconds = chance.uniform(0.05, 0.3)
        broken(run, chance, proxies(run, which), lambda proxy: proxy.delay(seconds), (8, 12))
    return inject


def broken(run, chance, struck, how, seconds):
    try:
        for proxy in struck:
            how(proxy)
        run.pause(chance.uniform(*seconds))
    finally:
        for proxy in struck:
            proxy.join()


KAFKA, REDIS = ("kafka_proxy",), ("redis_proxy",)
FAULTS = [
    Fault("kafka_cut", "nothing is read or committed meanwhile; commits whose answer was lost are asked after; it starts again by itself",
          "every connection of the workers to Kafka ends and none is taken, for 1 to 8 s", cut("kafka"), wants=KAFKA),
    Fault("kafka_hold", "the same; and when it lasts longer than the session, everybody's lanes are lost, dropped and taken anew",
          "connections stay open and no byte comes through, for 2 to 15 s", hold("kafka"), wants=KAFKA),
    Fault("kafka_delay", "commits take as much longer, and nothing else happens",
          "every byte to and from Kafka is 50 to 300 ms late, for 8 to 12 s", delay("kafka"), wants=KAFKA),
    Fault("redis_cut", "commits go on; checkpoints wait",
          "every connection of the workers to Redis ends and none is taken, for 1 to 8 s", cut("redis"), wants=REDIS),
    Fault("redis_hold", "commits go on; requests time out after 5 s and the connection is made anew",
          "connections stay open and no byte comes through, for 2 to 15 s", hold("redis"), wants=REDIS),
    Fault("redis_delay", "commits go on at their pace; checkpoints take longer",
          "every byte to and from Redis is 50 to 300 ms late, for 8 to 12 s", delay("redis"), wants=REDIS),
]
