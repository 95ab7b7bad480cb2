#!/usr/bin/env python3
"""Watching what a real nginx logs while a real logrotate rotates it, in each way that people configure: every request is
counted once. Both run as whoever runs the tests, on loopback, with configurations and files of their own.

Runs: beside: it waits.
"""
import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from lab import SCRATCH, canary, equal, finish, ok, project, skip
from watching import PATIENCE, Watch, until

SBIN = os.environ["PATH"] + ":/usr/local/sbin:/usr/sbin:/sbin"  # where Debian has both, and users' PATH does not look
NGINX, LOGROTATE = (shutil.which(name, path=SBIN) for name in ("nginx", "logrotate"))
if not NGINX or not LOGROTATE:
    lack = " and ".join(name for name, path in (("nginx-light", NGINX), ("logrotate", LOGROTATE)) if not path)
    skip("a real nginx, and a real logrotate", f"not installed: {lack}")
    finish()

FORMAT = '$remote_addr - $arg_user [$time_local] "$request" $status $body_bytes_sent $request_time "$http_user_agent"'
BASE = """project: {name: lab, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
logs:
  edge:
    pattern: nginx
    log_format: '%s'
    path: %s
    unit: arg_user
    context: {user_id: arg_user}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
"""
BLOCK = """\
stages: [{name: first, percent: 20%%, hold: 10d, min_samples: 20}, {name: full, percent: 100%%}]
guards: [{metric: error_rate, max: 100%%, action: rollback}]
state: running
stage: first
since: %s
"""
SERVER = """%(user)sworker_processes 2;
daemon off;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
events {worker_connections 64;}
http {
  client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy; fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi; scgi_temp_path %(folder)s/scgi;
  log_format timed '%(format)s';
  access_log %(folder)s/logs/access.log timed;
  server {
    listen 127.0.0.1:%(port)d;
    if ($arg_fail) {return 503;}
    location / {return 200 "fine";}
  }
}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """nginx, and somebody who asks it for pages all the time unless they are told to wait."""

    def __init__(self, name):
        self.folder = os.path.join(SCRATCH, name)
        os.makedirs(self.folder + "/logs", mode=0o755)
        self.port, self.asked, self.failed = free_port(), 0, 0
        self.cut = 0
        with open(self.folder + "/nginx.conf", "w") as file:
            file.write(SERVER % {"folder": self.folder, "port": self.port, "format": FORMAT,
                                 "user": "user root;\n" if os.geteuid() == 0 else ""})
        self.out = open(self.folder + "/out", "w")
        self.process = subprocess.Popen([NGINX, "-p", self.folder, "-e", self.folder + "/error.log", "-c", self.folder + "/nginx.conf"],
                                        stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)
        self.started = until(lambda: self.process.poll() is not None or self.answers()) and self.process.poll() is None
        self.over, self.goes, self.rests = False, threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.ask_on, daemon=True)

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def ask_on(self):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        while not self.over:
            if not self.goes.is_set():
                self.rests.set()
                self.goes.wait(0.05)
                continue
            fails = self.asked % 7 == 0
            client.request("GET", f"/?user=u{self.asked % 331}" + ("&fail=1" if fails else ""))
            client.getresponse().read()
            self.asked += 1
            self.failed += fails
            if self.asked % 5 == 0:
                time.sleep(0.001)
        client.close()

    def rest(self):
        """Nobody asks, and all has been answered."""
        self.rests.clear()
        self.goes.clear()
        self.rests.wait(PATIENCE)

    def has_logged(self):
        """All that was asked since the last cut, which nginx writes when it has answered."""
        with open(self.folder + "/logs/access.log", "rb") as file:
            return file.read().count(b"\n") == self.asked - self.cut

    def stop(self):
        self.over = True
        self.goes.set()
        if self.thread.is_alive():
            self.thread.join(PATIENCE)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.out.close()

    def rotate(self, keys):
        """Once, whatever the time since the last one."""
        config = self.folder + "/logrotate.conf"
        with open(config, "w") as file:
            file.write(f"{self.folder}/logs/access.log {{\n  rotate 100\n  missingok\n" + "".join(f"  {key}\n" for key in keys) + "}\n")
        os.chmod(config, 0o644)
        done = subprocess.run([LOGROTATE, "-f", "-s", self.folder + "/state", config], capture_output=True, text=True)
        return done.returncode == 0 or print("# logrotate:", done.stderr)

    def reopen(self, keys):
        """What nginx's manual says, with its pause where the file is compressed, which is written to until then: as long
        as a process of nginx has it open."""
        with open(self.folder + "/nginx.pid") as file:
            master = int(file.read())
        opened = f"ls -l $(printf '/proc/%s/fd ' {master} $(cat /proc/{master}/task/{master}/children)) | grep -q 'access.log.1$'"
        pause = [f"  while {opened}; do sleep 0.02; done"] if "compress" in keys else []
        return ["sharedscripts", "postrotate", f"  kill -USR1 {master}", *pause, "endscript"]


def counted(watch):
    look = watch.look()
    return look["input"]["lines"] if look else None


STYLES = (("create", ["create"], 25), ("create-dated", ["create", "dateext", "dateformat -%Y%m%d-%s"], 6),
          ("compress", ["create", "compress"], 20), ("delaycompress", ["create", "compress", "delaycompress"], 25),
          ("copytruncate", ["copytruncate"], 25), ("copytruncate-compress", ["copytruncate", "compress"], 15))
for style, keys, turns in STYLES:
    server = Server(style)
    if not ok(server.started, f"{style}: nginx runs", open(server.folder + "/out").read(), open(server.folder + "/error.log").read()
              if os.path.exists(server.folder + "/error.log") else ""):
        server.stop()
        continue
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    directory = project(style + "-flags", canary(BLOCK % since), base=BASE % (FORMAT, server.folder + "/logs/access.log*"))
    watch = Watch(directory, "--json")
    server.goes.set()
    server.thread.start()
    copies, rotated = "copytruncate" in keys, 0
    for turn in range(turns):
        asked = server.asked
        until(lambda: server.asked > asked + 30)
        if copies:  # what is written between the copy and the cut is lost to everybody
            server.rest()
            until(server.has_logged)
        done = server.rotate(keys if copies else keys + server.reopen(keys))
        rotated += bool(done)
        if copies:
            server.cut = server.asked if done else server.cut
            server.goes.set()
        elif "dateext" in keys:  # a second has one name
            time.sleep(1.1)
    server.rest()
    equal(rotated, turns, f"{style}: logrotate rotates {turns} times")
    all_seen = until(lambda: counted(watch) == server.asked or watch.process.poll() is not None)
    ok(all_seen and counted(watch) == server.asked, f"{style}: every request is counted once", f"asked {server.asked}", f"counted {counted(watch)}",
       watch.errors()[-2000:], *sorted(os.listdir(server.folder + "/logs")))
    look = watch.look() or {"criteria": [{side: {"n": 0, "estimate": 0} for side in ("canary", "control")}]}
    sides = [look["criteria"][0][side] for side in ("canary", "control")]
    equal(round(sum(side["n"] * side["estimate"] for side in sides)), server.failed, f"{style}: and every failure")
    equal(watch.errors(), "", f"{style}: and nothing is said to be lost")
    watch.stop()
    # Started anew, it finds what rotation left.
    again = Watch(directory, "--json")
    found = until(lambda: counted(again) == server.asked or again.process.poll() is not None)
    ok(found and counted(again) == server.asked, f"{style}: a watch that is started again finds all of them", f"asked {server.asked}", counted(again),
       again.errors()[-2000:])
    again.stop()
    server.stop()
finish()
