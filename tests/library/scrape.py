"""What a real Prometheus makes of a file of metrics: it scrapes it from a web server and is asked for it."""
import functools
import http.server
import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

CONFIGURATION = """\
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: service
    metrics_path: /%s
    static_configs: [{targets: ['127.0.0.1:%d']}]
"""
PATIENCE = 60  # seconds


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, query):
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)["data"]["result"]


def wait_for_samples(port, query):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if result := ask(port, query):
                return result
        except (OSError, urllib.error.URLError, ValueError):
            pass
        time.sleep(0.2)
    return []


def scrape(prometheus, directory, name):
    """{(name, labels): value} of the file's metrics, as Prometheus answers; empty where it never did."""
    files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=directory))
    threading.Thread(target=files.serve_forever, daemon=True).start()
    configuration = os.path.join(directory, "prometheus.yml")
    with open(configuration, "w") as file:
        file.write(CONFIGURATION % (name, files.server_address[1]))
    port = free_port()
    daemon = subprocess.Popen(
        [prometheus, f"--config.file={configuration}", f"--web.listen-address=127.0.0.1:{port}",
         "--storage.tsdb.path=" + os.path.join(directory, "tsdb"), "--log.level=error"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        samples = {}
        for result in wait_for_samples(port, '{__name__=~"fflag_.*"}'):
            labels = result["metric"]
            own = {key: value for key, value in labels.items() if key not in ("__name__", "job", "instance")}
            samples[labels["__name__"], tuple(sorted(own.items()))] = float(result["value"][1])
        return samples
    finally:
        daemon.terminate()
        daemon.wait()
        files.shutdown()
