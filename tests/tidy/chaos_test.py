#!/usr/bin/env python3
"""What ops/chaos does without servers: the faults that it chooses, the network that it fakes, the times that it works out."""
import socket
import sys
import unittest
from collections import namedtuple
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ops" / "chaos"))

from fault import Occurrence  # noqa: E402
from faults import BY_NAME, FAULTS  # noqa: E402
from options import PROFILES, arguments  # noqa: E402
from proxy import Proxy  # noqa: E402
from takeover import spread, takeovers  # noqa: E402
from worker import Commit, WorkerLog  # noqa: E402
from workers import Kill  # noqa: E402


class Chosen(unittest.TestCase):
    def test_each_fault_has_a_name_of_its_own_and_a_promise(self):
        self.assertEqual(len(BY_NAME), len(FAULTS))
        for fault in FAULTS:
            self.assertTrue(fault.promise and fault.how and fault.stream in ("workers", "servers"), fault.name)

    def test_profiles_name_faults_that_exist(self):
        for name, (counts, _) in PROFILES.items():
            self.assertLessEqual(set(counts), set(BY_NAME), name)

    def test_a_thousand_is_a_thousand_kills_and_a_hundred_of_each_server(self):
        args = arguments(["--profile", "thousand"])
        self.assertEqual(args.counts, {"kill": 1000, "kafka_restart": 100, "redis_restart": 100})
        self.assertTrue(args.parallel)

    def test_an_option_overrules_a_profile(self):
        self.assertEqual(arguments(["--profile", "thousand", "--rate", "77"]).rate, 77)

    def test_kills_beside_a_flush_are_part_of_all_kills(self):
        counts = arguments(["--kills", "20", "--flushes", "2", "--stops", "0", "--redis-away", "0"]).counts
        self.assertEqual((counts["kill"], counts["flush"]), (18, 2))
        self.assertFalse({"freeze", "redis_away"} & set(counts))

    def test_named_faults_come_alone(self):
        self.assertEqual(arguments(["--faults", "kill=3,poison"]).counts, {"kill": 3, "poison": 1})


class Echo:
    """A server that says what it hears; `name` first."""

    def __init__(self, name):
        import threading
        self.name = name
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(self.name)
                while heard := connection.recv(100):
                    connection.sendall(heard)


class Network(unittest.TestCase):
    def setUp(self):
        self.servers = [Echo(b"1"), Echo(b"2")]
        self.proxy = Proxy(self.servers[0].port)

    def tearDown(self):
        self.proxy.close()
        for server in self.servers:
            server.listener.close()

    def connected(self):
        client = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=10)
        self.addCleanup(client.close)
        return client

    def ended(self, client):
        try:
            return client.recv(1) == b""
        except ConnectionError:
            return True

    def test_bytes_go_through_in_order(self):
        client = self.connected()
        self.assertEqual(client.recv(1), b"1")
        client.sendall(b"abc" * 10)
        self.assertEqual(client.recv(30, socket.MSG_WAITALL), b"abc" * 10)

    def test_held_bytes_come_when_the_network_is_back(self):
        client = self.connected()
        self.assertEqual(client.recv(1), b"1")
        self.proxy.hold()
        client.sendall(b"late")
        client.settimeout(0.3)
        self.assertRaises(TimeoutError, client.recv, 4)
        self.proxy.join()
        client.settimeout(10)
        self.assertEqual(client.recv(4, socket.MSG_WAITALL), b"late")

    def test_a_cut_ends_connections_until_it_is_over(self):
        client = self.connected()
        self.assertEqual(client.recv(1), b"1")
        self.proxy.cut()
        self.assertTrue(self.ended(client))
        self.assertTrue(self.ended(self.connected()))
        self.proxy.join()
        self.assertEqual(self.connected().recv(1), b"1")

    def test_it_leads_to_another_server(self):
        client = self.connected()
        self.assertEqual(client.recv(1), b"1")
        self.proxy.lead_to(self.servers[1].port)
        self.assertTrue(self.ended(client))
        self.assertEqual(self.connected().recv(1), b"2")


Crew = namedtuple("Crew", "all kills everyone")
Member = namedtuple("Member", "slot starts log")


def crew(kills, *members):
    made = []
    for slot, starts, commits in members:
        log = WorkerLog(Path("none"), slot)
        log.commits = [Commit(at, lane, slot) for at, lane in commits]
        made.append(Member(slot, starts, log))
    return Crew(made, kills, lambda: made)


class Takeovers(unittest.TestCase):
    def test_the_same_slot_counts_from_its_start(self):
        found = takeovers(crew([Kill(10.0, "a", "kill")], ("a", [0.0, 11.0], [(1.0, "x/0"), (11.5, "x/0")])), [])
        self.assertEqual([(t.seconds, t.same_slot, t.alone) for t in found], [(0.5, True, True)])

    def test_another_worker_counts_from_the_kill_until_the_last_lane(self):
        found = takeovers(crew([Kill(10.0, "a", "kill")], ("a", [0.0], [(1.0, "x/0"), (1.0, "x/1")]), ("b", [0.0], [(16.0, "x/0"), (17.0, "x/1")])), [])
        self.assertEqual([(t.seconds, t.same_slot) for t in found], [(7.0, False)])

    def test_another_fault_meanwhile_is_told(self):
        found = takeovers(crew([Kill(10.0, "a", "kill")], ("a", [0.0, 11.0], [(1.0, "x/0"), (11.5, "x/0")])), [Occurrence("kafka_restart", 9.0, 12.0)])
        self.assertFalse(found[0].alone)

    def test_a_worker_without_lanes_leaves_nothing_to_take_over(self):
        self.assertEqual(takeovers(crew([Kill(10.0, "a", "kill")], ("a", [0.0], []), ("b", [0.0], [(1.0, "x/0")])), []), [])

    def test_percentiles_of_few(self):
        self.assertEqual(spread([3.0, 1.0, 2.0]), {"count": 3, "p50": 2.0, "p99": 3.0, "max": 3.0})
        self.assertEqual(spread([])["p99"], None)


if __name__ == "__main__":
    unittest.main()
