#!/usr/bin/env python3
"""A cloud's metadata service for one machine that is not there: what Headroom asks for spot notices, and a control to give them.

    spot_stand_in.py --provider aws|gcp|azure      prints http://127.0.0.1:PORT (a free port) on its first line, serves until it is ended

    POST   /control/notice     a notice, now; the answer has it and its time. Body, optional: {"kind": ..., "seconds": ...}
                               aws: terminate (default), stop, hibernate, rebalance; gcp: preempt (default), maintenance;
                               azure: Preempt (default), Terminate, Reboot, Redeploy, Freeze
                               seconds: how far ahead the time that it names is (default: aws 120, azure 30; gcp names none)
    DELETE /control/notice     withdraws it
    GET    /control            {"provider":..., "notice":..., "asked": how many questions were answered}

Give Headroom its address: --set spot.provider=aws --set spot.endpoint=http://127.0.0.1:PORT
"""
import argparse
import json
import secrets
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = {"aws": ("terminate", "stop", "hibernate", "rebalance"), "gcp": ("preempt", "maintenance"), "azure": ("Preempt", "Terminate", "Reboot", "Redeploy", "Freeze")}
SECONDS = {"aws": 120, "gcp": 30, "azure": 30}
AZURE_NAME = "headroom-vm-0"


class Cloud:
    """What the service knows; any thread."""

    def __init__(self, provider):
        self.provider = provider
        self.lock = threading.Lock()
        self.tokens = set()
        self.notice = None
        self.asked = 0
        self.incarnation = 1

    def give(self, wish):
        kind = wish.get("kind", KINDS[self.provider][0])
        if kind not in KINDS[self.provider]:
            return 400, {"error": f"kind: one of {', '.join(KINDS[self.provider])}"}
        now = time.time()
        with self.lock:
            self.notice = {"kind": kind, "given": now, "time": now + float(wish.get("seconds", SECONDS[self.provider]))}
            self.incarnation += 1
            return 200, self.notice

    def withdraw(self):
        with self.lock:
            self.notice = None
            self.incarnation += 1
        return 200, {}

    def state(self):
        with self.lock:
            return 200, {"provider": self.provider, "notice": self.notice, "asked": self.asked}

    def answer(self, method, path, headers):
        """(status, text) of one of the provider's own pages."""
        with self.lock:
            self.asked += 1
            return getattr(self, self.provider)(method, path, headers)

    def aws(self, method, path, headers):
        if path == "/latest/api/token":
            if method != "PUT" or "X-aws-ec2-metadata-token-ttl-seconds" not in headers:
                return 400, ""
            token = secrets.token_urlsafe(40)
            self.tokens.add(token)
            return 200, token
        if method != "GET" or headers.get("X-aws-ec2-metadata-token") not in self.tokens:
            return 401, ""
        if self.notice is not None:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.notice["time"]))
            rebalance = self.notice["kind"] == "rebalance"
            if path == "/latest/meta-data/spot/instance-action" and not rebalance:
                return 200, json.dumps({"action": self.notice["kind"], "time": stamp})
            if path == "/latest/meta-data/events/recommendations/rebalance" and rebalance:
                return 200, json.dumps({"noticeTime": stamp})
        return 404, "not found"

    def gcp(self, method, path, headers):
        if method != "GET" or headers.get("Metadata-Flavor") != "Google":
            return 403, ""
        kind = self.notice["kind"] if self.notice else ""
        pages = {"id": "4242424242424242", "preempted": "TRUE" if kind == "preempt" else "FALSE",
                 "maintenance-event": "TERMINATE_ON_HOST_MAINTENANCE" if kind == "maintenance" else "NONE"}
        text = pages.get(path.removeprefix("/computeMetadata/v1/instance/"))
        return (404, "not found") if text is None else (200, text)

    def azure(self, method, path, headers):
        if method != "GET" or headers.get("Metadata", "").lower() != "true" or "api-version=" not in path:
            return 400, ""
        if path.startswith("/metadata/instance/compute/name?"):
            return 200, AZURE_NAME
        if not path.startswith("/metadata/scheduledevents?"):
            return 404, "not found"
        events = [] if self.notice is None else [{
            "EventId": f"event-{self.incarnation}", "EventType": self.notice["kind"], "ResourceType": "VirtualMachine", "Resources": [AZURE_NAME],
            "EventStatus": "Scheduled", "NotBefore": formatdate(self.notice["time"], usegmt=True), "Description": "", "EventSource": "Platform",
            "DurationInSeconds": -1}]
        return 200, json.dumps({"DocumentIncarnation": self.incarnation, "Events": events})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, text, kind="text/plain"):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.server.cloud.provider == "gcp":
            self.send_header("Metadata-Flavor", "Google")
        self.end_headers()
        self.wfile.write(data)

    def control(self, method, body):
        cloud = self.server.cloud
        try:
            wish = json.loads(body or "{}")
        except ValueError:
            wish = None
        if self.path == "/control" and method == "GET":
            status, value = cloud.state()
        elif self.path == "/control/notice" and method == "POST" and isinstance(wish, dict):
            status, value = cloud.give(wish)
        elif self.path == "/control/notice" and method == "DELETE":
            status, value = cloud.withdraw()
        else:
            status, value = 400, {"error": "GET /control, POST or DELETE /control/notice"}
        self.reply(status, json.dumps(value), "application/json")

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/control"):
            return self.control(self.command, body)
        return self.reply(*self.server.cloud.answer(self.command, self.path, self.headers))

    do_GET = do_PUT = do_POST = do_DELETE = serve


def main():
    p = argparse.ArgumentParser(prog="ops/spot_stand_in.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--provider", choices=sorted(KINDS), required=True)
    args = p.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.cloud = Cloud(args.provider)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
