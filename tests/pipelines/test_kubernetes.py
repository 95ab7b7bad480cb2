#!/usr/bin/env python3
"""What is shipped for Kubernetes: the ConfigMap as a folder, which the library follows; the image; and what Argo
Rollouts and Flagger ask, by each of ffreplay's exit codes."""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

import yaml

from forge import BUILD, SCRATCH, TOP, equal, finish, log_of, ok, shop, skip
from watching import until  # forge.py says where

MANIFESTS = os.path.join(TOP, "tools", "pipelines", "kubernetes")
FFC = os.path.join(BUILD, "ffc")
PATIENCE = 120


def documents(name):
    with open(os.path.join(MANIFESTS, name)) as file:
        return list(yaml.safe_load_all(file))

# ---------------------------------------------------------------------------------------- the ConfigMap

place = os.path.join(SCRATCH, "deploy")
shutil.copytree(MANIFESTS, place)
snapshots = []
for value in ("one", "two", "three"):
    project = os.path.join(SCRATCH, value)
    os.mkdir(project)
    with open(os.path.join(project, "flags.yaml"), "w") as file:
        file.write(f"project: {{name: p, environments: [production]}}\nflags: {{generation: {{type: string, value: {value}}}}}\n")
    path = os.path.join(SCRATCH, value + ".ffs")
    subprocess.run([FFC, "build", "-C", project, "-e", "production", "-o", path], check=True, capture_output=True)
    snapshots.append(path)
shutil.copy(snapshots[0], os.path.join(place, "production.ffs"))
with open(os.path.join(place, "kustomization.yaml")) as file:
    command = re.search(r"ffc build .*&& (kubectl \S+ -k) deploy/kubernetes", file.read())
ok(command, "the file says how it is applied")
if shutil.which("kubectl"):
    done = subprocess.run(["timeout", "60", "kubectl", "kustomize", place], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "HOME": SCRATCH})
    made = {one["kind"]: one for one in yaml.safe_load_all(done.stdout)} if done.returncode == 0 else {}
    ok(made, "kubectl takes the kustomization", done.stderr)
    with open(snapshots[0], "rb") as file:
        equal(base64.b64decode(made["ConfigMap"]["binaryData"]["production.ffs"]), file.read(), "its ConfigMap has the snapshot, to the byte")
    equal(made["ConfigMap"]["metadata"]["name"], made["Deployment"]["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"],
          "under the name that the service mounts")
else:
    skip("kubectl takes the kustomization", "there is no kubectl")
deployment = documents("deployment.yaml")[0]["spec"]["template"]["spec"]
mount = deployment["containers"][0]["volumeMounts"][0]
ok("subPath" not in mount and mount["mountPath"] == "/etc/flags" and mount["readOnly"], "the folder is mounted, not the file", mount)


class Service:
    """A service that holds a store on a file, by the library."""

    def __init__(self, path):
        self.file = os.path.join(SCRATCH, f"said-{time.time_ns()}")
        with open(self.file, "w") as out:
            self.process = subprocess.Popen(
                [sys.executable, os.path.join(TOP, "tests", "reload", "follower.py"), os.path.join(BUILD, "libfflag.so"), path],
                stdin=subprocess.PIPE, stdout=out)

    def said(self):
        with open(self.file) as file:
            return file.read()

    def serves(self, value):
        return until(lambda: f"serves {value}\n" in self.said())

    def ends(self):
        self.process.stdin.close()
        return self.process.wait(PATIENCE)


SANITIZED = "the library has a sanitizer, which python3 has not" if os.environ.get("SANITIZE") else None
volume = os.path.join(SCRATCH, "volume")
os.mkdir(volume)


def kubelet_writes(snapshot, number):
    """As the kubelet's atomic writer does it: a new folder, then ..data is renamed over, then the old one goes."""
    folder = f"..2026_11_30_{number}"
    os.mkdir(os.path.join(volume, folder))
    shutil.copy(snapshot, os.path.join(volume, folder, "production.ffs"))
    old = os.readlink(os.path.join(volume, "..data")) if os.path.islink(os.path.join(volume, "..data")) else None
    os.symlink(folder, os.path.join(volume, "..data_tmp"))
    os.rename(os.path.join(volume, "..data_tmp"), os.path.join(volume, "..data"))
    if not os.path.islink(os.path.join(volume, "production.ffs")):
        os.symlink("..data/production.ffs", os.path.join(volume, "production.ffs"))
    if old:
        shutil.rmtree(os.path.join(volume, old))


if SANITIZED:
    skip("a service has each that is mounted", SANITIZED)
else:
    kubelet_writes(snapshots[0], 1)
    service = Service(os.path.join(volume, "production.ffs"))
    ok(service.serves("one"), "a service reads what is mounted", service.said())
    for number, value in ((2, "two"), (3, "three"), (4, "one"), (5, "two")):
        before = service.said().count(f"serves {value}\n")
        kubelet_writes(snapshots[["one", "two", "three"].index(value)], number)
        ok(until(lambda: service.said().count(f"serves {value}\n") == before + 1), f"and has a new one without a restart: {value}", service.said())
    ok("rejected" not in service.said(), "nothing between them was taken for a snapshot", service.said())
    equal(service.ends(), 0, "it ends in order")

# ------------------------------------------------------------------------------------------- the image

with open(os.path.join(MANIFESTS, "Dockerfile")) as file:
    steps = re.findall(r"^(FROM|COPY|CMD) (.*)$", file.read(), re.M)
equal([step for step, _ in steps], ["FROM", "COPY", "CMD"], "the image is a base, the snapshot and a command")
source, target = steps[1][1].split()
image, shared = os.path.join(SCRATCH, "image"), os.path.join(SCRATCH, "emptyDir")
os.makedirs(os.path.join(image, os.path.dirname(target[1:])))
os.mkdir(shared)
shutil.copy(os.path.join(place, source), os.path.join(image, target[1:]))
pod = documents("deployment-image.yaml")[0]["spec"]["template"]["spec"]
init, main = pod["initContainers"][0], pod["containers"][0]
equal((init["volumeMounts"][0]["mountPath"], init["volumeMounts"][0]["name"], list(pod["volumes"][0])),
      (main["volumeMounts"][0]["mountPath"], main["volumeMounts"][0]["name"], ["name", "emptyDir"]), "both containers share a folder")
shell, option, script = json.loads(steps[2][1])
done = subprocess.run([shell, option, script.replace("/flags/production.ffs /etc", image + "/flags/production.ffs /etc").replace("/etc/flags", shared)],
                      capture_output=True, text=True)
ok(done.returncode == 0 and os.listdir(shared) == ["production.ffs"], "the image's snapshot is copied there", done.stderr)
if SANITIZED:
    skip("and the service has the image's flags", SANITIZED)
else:
    service = Service(os.path.join(shared, "production.ffs"))
    ok(service.serves("one"), "and the service has the image's flags", service.said())
    service.ends()

# ----------------------------------------------------------------------------------- Argo Rollouts, Flagger

# A stand-in says whatever verdict is asked for; then ffreplay itself does.
tools = os.path.join(SCRATCH, "tools")
os.mkdir(tools)
with open(os.path.join(tools, "ffreplay"), "w") as file:
    file.write(f"""#!/bin/sh
echo "$@" >>{SCRATCH}/asked
read -r verdict <{SCRATCH}/verdicts
sed -i 1d {SCRATCH}/verdicts
exit "$verdict"
""")
os.chmod(os.path.join(tools, "ffreplay"), 0o755)


def will_say(*verdicts):
    with open(os.path.join(SCRATCH, "verdicts"), "w") as file:
        file.write("".join(f"{one}\n" for one in verdicts))
    open(os.path.join(SCRATCH, "asked"), "w").close()


def asked():
    with open(os.path.join(SCRATCH, "asked")) as file:
        return file.read().splitlines()


# A project whose log is red, or not.
shops = {}
for name, errors in (("red", 0.3), ("calm", 0.01)):
    shops[name] = os.path.join(SCRATCH, "shop-" + name)
    os.makedirs(os.path.join(shops[name], "flags"))
    log = os.path.join(SCRATCH, name + ".ndjson")
    with open(log, "w") as file:
        file.write(log_of(canary_errors=errors))
    with open(os.path.join(shops[name], "flags", "shop.yaml"), "w") as file:
        file.write(shop().replace("    {format: ndjson", f"    {{command: [cat, '{log}'], format: ndjson"))

template = documents("analysis-template.yaml")[0]
equal((template["kind"], [one["name"] for one in template["spec"]["args"]]), ("AnalysisTemplate", ["flag", "environment"]), "Argo Rollouts: a template")
job = template["spec"]["metrics"][0]["provider"]["job"]["spec"]
container = job["template"]["spec"]["containers"][0]
equal((job["backoffLimit"], job["template"]["spec"]["restartPolicy"]), (0, "Never"), "its job is not run again when it has failed")
ok("{{" not in "".join(container["args"]), "an argument is no part of the script")


def argo(folder, flag="canary.checkout", path=None, most="3", patience=60):
    given = {"flag": flag, "environment": template["spec"]["args"][1]["value"]}
    variables = {one["name"]: re.sub(r"{{args\.(\w+)}}", lambda found: given[found[1]], one["value"]) for one in container["env"]}
    variables.update(SECONDS_BETWEEN="0", BLIND_MOST=most, PATH=f"{path or tools}:/usr/bin:/bin")
    try:
        return subprocess.run([*container["command"], *container["args"]], cwd=folder, env=variables, capture_output=True, timeout=patience).returncode
    except subprocess.TimeoutExpired:
        return "asks on"


for verdicts, status, why in (((0,), 0, "advance: it succeeds"), ((10, 11, 10, 0), 0, "hold and pause: it asks again"),
                              ((10, 20), 1, "roll back: it fails"), ((2, 1, 0), 0, "no verdict: it asks again"),
                              ((2, 2, 10, 2, 2, 0), 0, "a verdict in between begins anew"), ((2, 1, 127), 2, "no verdict for long: it fails")):
    will_say(*verdicts)
    equal((argo(SCRATCH), len(asked())), (status, len(verdicts)), f"Argo Rollouts, {why}")
equal(asked()[0], "decide canary.checkout -e production --exit-code --allow-commands", "it asks for a decision, and applies none")
will_say(0)
argo(SCRATCH, "; touch hacked")
ok(asked() == ["decide ; touch hacked -e production --exit-code --allow-commands"] and not os.path.exists(os.path.join(SCRATCH, "hacked")),
   "whatever the flag is called", asked())
equal((argo(shops["red"], path=BUILD), argo(shops["calm"], path=BUILD, patience=2)), (1, "asks on"), "of ffreplay itself: red fails, calm waits")

objects = {one["kind"]: one for one in documents("flagger.yaml")}
hooks = {one["type"]: one for one in objects["Canary"]["spec"]["analysis"]["webhooks"]}
equal(sorted(hooks), ["confirm-promotion", "confirm-traffic-increase", "rollback"], "Flagger: three webhooks")
webhook = objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]
equal((objects["Service"]["metadata"]["name"], objects["Service"]["spec"]["ports"][0]["targetPort"]),
      (hooks["rollback"]["url"].split("/")[2], webhook["ports"][0]["containerPort"]), "at a service that there is")
import socket  # noqa: E402
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]


class Webhook:
    def __init__(self, folder, path):
        command = [one.replace("flagger-webhook.py", os.path.join(MANIFESTS, "flagger-webhook.py")).replace("8080", str(port))
                   for one in webhook["command"]]
        self.process = subprocess.Popen(command, cwd=folder, env={"PATH": f"{path}:/usr/bin:/bin"}, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        ok(until(lambda: self.ask(webhook["readinessProbe"]["httpGet"]["path"], None) == 200), "the webhook is ready")

    def ask(self, path, body):
        try:
            data = None if body is None else json.dumps(body).encode()
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", data), timeout=PATIENCE) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def flagger(self, kind, flag=None):
        metadata = {**hooks[kind]["metadata"], **({"flag": flag} if flag else {})}
        return self.ask("/" + hooks[kind]["url"].split("/", 3)[3], {"name": "api", "namespace": "shop", "phase": "Progressing", "metadata": metadata})

    def end(self):
        self.process.terminate()
        self.process.wait()


server = Webhook(SCRATCH, tools)
for status, expected in ((0, (200, 200, 403)), (10, (403, 403, 403)), (11, (403, 403, 403)), (20, (403, 403, 200)), (2, (503, 503, 503)), (1, (503, 503, 503))):
    will_say(status, status, status)
    equal(tuple(server.flagger(kind) for kind in ("confirm-traffic-increase", "confirm-promotion", "rollback")), expected, f"Flagger, by exit status {status}")
equal(asked()[0], "decide v2.1.0 -e production --exit-code --allow-commands", "it asks for a decision, and applies none")
will_say()
equal((server.flagger("rollback", "--help"), server.ask("/rollback", {"metadata": {}}), server.ask("/rollback", []), server.ask("/other", {}), asked()),
      (503, 400, 400, 404, []), "what is no question runs nothing")
server.end()
server = Webhook(shops["red"], BUILD)
equal((server.flagger("rollback", "canary.checkout"), server.flagger("confirm-promotion", "canary.checkout")), (200, 403), "of ffreplay itself: red is rolled back")
server.end()
finish()
