#!/usr/bin/env python3
"""The units for systemd and the line for cron, as they are shipped: systemd takes them, and what they run is run, from
a red metric to a commit that is pushed, with no person."""
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time

from forge import BUILD, SCRATCH, TOP, equal, finish, git, log_of, need, ok, repository, shop, skip

need("git")
PIPELINES = os.path.join(TOP, "tools", "pipelines")
UNITS = os.path.join(PIPELINES, "systemd")
PATIENCE = 120


def unit(name):
    """Its settings, those that may be given several times as lists."""
    settings = {}
    with open(os.path.join(UNITS, name)) as file:
        for line in file:
            if "=" in line and not line.startswith("#"):
                key, value = line.rstrip("\n").split("=", 1)
                settings.setdefault(key, []).append(value)
    return settings


decide, timer, watch = unit("ffreplay-decide.service"), unit("ffreplay-decide.timer"), unit("ffreplay-watch.service")
equal({one["WorkingDirectory"][0] for one in (decide, watch)}, {"/srv/shop"}, "both work in the project")
ok("/srv/shop" in decide["ReadWritePaths"] and "/srv/shop" in watch["ReadWritePaths"], "which they may write to")
for one in (decide, watch):
    ok("/var/lib/flags/production.ffs" in one["ExecStart"][0] and one["StateDirectory"] == ["flags"], "the snapshot is in the state directory")
ok("/run/ffreplay/status.json" in watch["ExecStart"][0] and watch["RuntimeDirectory"] == ["ffreplay"], "the status file in the runtime directory")
equal((watch["Type"], decide["Type"]), (["notify"], ["oneshot"]), "systemd is told when a watch is ready, and waits for a decision")

# systemd's own opinion, of units that name a program that is there.
place = os.path.join(SCRATCH, "units")
shutil.copytree(UNITS, place)
for name in os.listdir(place):
    with open(os.path.join(place, name)) as file:
        text = file.read()
    with open(os.path.join(place, name), "w") as file:
        file.write(text.replace("/usr/local/bin/ffreplay", os.path.join(BUILD, "ffreplay")).replace("User=flags\n", ""))
verify = ["systemd-analyze", "verify"]
if not shutil.which("systemd-analyze"):
    skip("systemd takes the units", "there is no systemd-analyze")
elif subprocess.run([*verify, "/usr/lib/systemd/system/basic.target"], capture_output=True).returncode:
    skip("systemd takes the units", "systemd-analyze cannot verify here")
else:
    done = subprocess.run([*verify, *[os.path.join(place, name) for name in sorted(os.listdir(place))]], capture_output=True, text=True)
    ok(not re.search("ffreplay", done.stderr), "systemd takes the units", done.stderr)

# ------------------------------------------------------------------------------------------ what runs


def server_of(name, canary_errors):
    """A clone as a server has it, whose log is red or not; the folder, the remote, and where the snapshot lies."""
    log = os.path.join(SCRATCH, f"{name}.ndjson")
    with open(log, "w") as file:
        file.write(log_of(canary_errors=canary_errors))
    _, remote = repository(name, shop().replace("    {format: ndjson", f"    {{path: '{log}', format: ndjson"))
    clone = os.path.join(SCRATCH, name + "-server")
    git(SCRATCH, "clone", "-q", remote, clone)
    state = os.path.join(SCRATCH, name + "-state")
    os.mkdir(state)
    return clone, remote, state


def command_of(line, clone, state):
    """The line of a unit, but for where things lie on this machine."""
    line = line.replace("/usr/local/bin/ffreplay", os.path.join(BUILD, "ffreplay"))
    return line.replace("/var/lib/flags", state).replace("/run/ffreplay", state).replace("/srv/shop", clone)


def start(clone, state):
    """As systemd starts a service of one shot: each line without a shell; a dash allows it to fail."""
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": SCRATCH}
    for line in [*decide["ExecStartPre"], *decide["ExecStart"]]:
        done = subprocess.run(shlex.split(command_of(line.lstrip("-"), clone, state)), cwd=clone, env=environment,
                              capture_output=True, text=True)
        if done.returncode and not line.startswith("-"):
            return done
    return done


def is_rolled_back(remote):
    message = git(remote, "log", "-1", "--format=%B", "main")
    return (message.startswith("canary.checkout in production: rollback, rolled_back") and "error_rate is " in message
            and "state: rolled_back" in git(remote, "show", "main:flags/shop.yaml"))


def serves_default(state):
    done = subprocess.run([os.path.join(BUILD, "ffc"), "eval", "canary.checkout", "-s", os.path.join(state, "production.ffs"),
                           "--contexts", "-", "--json"], input="".join(f'{{"user_id":"u{number}"}}\n' for number in range(50)),
                          capture_output=True, text=True)
    return done.stdout.count('"value":false') == 50


clone, remote, state = server_of("calm", 0.01)
before = git(remote, "rev-parse", "main")
done = start(clone, state)
ok(done.returncode == 0, "the service decides on a calm canary", done.stdout, done.stderr)
equal(git(remote, "rev-list", "--count", f"{before}..main", "--", "flags/shop.yaml"), "0", "and changes nothing")

clone, remote, state = server_of("red", 0.3)
other = os.path.join(SCRATCH, "red")
git(other, "commit", "-q", "--allow-empty", "-m", "meanwhile")
git(other, "push", "-q", "origin", "main")
done = start(clone, state)
ok(done.returncode == 0 and is_rolled_back(remote), "a red metric becomes a rollback that is pushed, with no person",
   done.stdout, done.stderr, git(remote, "log", "-1", "main"))
ok("meanwhile" in git(remote, "log", "--format=%s", "main"), "upon what others pushed")
ok(serves_default(state), "and is published: nobody is served the canary")
verified = subprocess.run([os.path.join(BUILD, "ffreplay"), "history", "-C", os.path.join(clone, "flags"), "--verify"], capture_output=True, text=True)
ok(verified.returncode == 0, "its ledger is whole", verified.stdout)
after = git(remote, "rev-parse", "main")
done = start(clone, state)
ok(done.returncode == 0 and git(remote, "rev-parse", "main") == after, "the next run has nothing to do", done.stdout, done.stderr)

# Without the network, the rollback is made and published; the next run pushes it.
clone, remote, state = server_of("offline", 0.3)
os.rename(remote, remote + ".away")
done = start(clone, state)
ok(done.returncode == 2 and "not pushed" in done.stderr and serves_default(state), "without the network it is published, and told as not pushed",
   done.stdout, done.stderr)
os.rename(remote + ".away", remote)
git(os.path.join(SCRATCH, "offline"), "commit", "-q", "--allow-empty", "-m", "meanwhile")
git(os.path.join(SCRATCH, "offline"), "push", "-q", "origin", "main")
done = start(clone, state)
ok(done.returncode == 0 and is_rolled_back(remote) and "meanwhile" in git(remote, "log", "--format=%s", "main"),
   "and pushed once there is one, upon what others pushed", done.stdout, done.stderr, git(remote, "log", "-3", "main"))

# ---------------------------------------------------------------------------------------------- watch

clone, remote, state = server_of("watched", 0.3)
path = os.path.join(SCRATCH, "notify.socket")
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(path)
manager.settimeout(PATIENCE)
line = command_of(watch["ExecStart"][0], clone, state)
process = subprocess.Popen(shlex.split(line) + ["--interval", "1s"], cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env={"PATH": "/usr/bin:/bin", "HOME": SCRATCH, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "180000000"})
said = manager.recv(4096).decode()
ok(said.startswith("READY=1"), "the watch tells systemd that it is ready", said)
deadline = time.time() + PATIENCE
while time.time() < deadline and "rolled_back" not in open(os.path.join(clone, "flags", "shop.yaml")).read():
    time.sleep(0.1)
ok("state: rolled_back" in open(os.path.join(clone, "flags", "shop.yaml")).read() and serves_default(state), "and rolls back what is red")
process.send_signal(signal.SIGTERM)
out = process.communicate()[0].decode()
ok(process.returncode == 0 and os.path.exists(os.path.join(state, "status.json")), "until it is stopped", out)

# ----------------------------------------------------------------------------------------------- cron

with open(os.path.join(PIPELINES, "cron", "ffreplay")) as file:
    crontab = file.read()
variables = dict(re.findall(r"^(\w+)=(.*)$", crontab, re.M))
entry = re.search(r"^([*/0-9]+(?: [*/0-9]+){4}) (\w+) (.*)$", crontab, re.M)
equal((entry[1], entry[2]), ("*/5 * * * *", "flags"), "cron runs it each five minutes, as a user of its own")
ok("%" not in entry[3], "without a percent sign, which cron takes for the end of the line")
clone, remote, state = server_of("crond", 0.3)
bin_folder = os.path.join(SCRATCH, "bin")
os.mkdir(bin_folder)
os.symlink(os.path.join(BUILD, "ffreplay"), os.path.join(bin_folder, "ffreplay"))
line = entry[3].replace("/srv/shop", clone).replace("/var/lib/flags", state)


def cron(line):
    return subprocess.run([variables["SHELL"], "-c", line], cwd=SCRATCH, capture_output=True, text=True,
                          env={"HOME": SCRATCH, "LOGNAME": "flags", "SHELL": variables["SHELL"],
                               "PATH": variables["PATH"].replace("/usr/local/bin", bin_folder)})


done = cron(line)
ok(is_rolled_back(remote) and serves_default(state), "cron's line rolls back and pushes, too", done.stdout, done.stderr)
done = cron(line)
equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "and says nothing where there is nothing to do, so that cron sends no mail")
finish()
