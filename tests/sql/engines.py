"""Databases that tests ask: chDB and DuckDB from npm (`make engines`), and Debian's PostgreSQL, each with tables
of its own, which go with the test. What is not there is None."""
import atexit
import glob
import json
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", os.path.join(HERE, "..", "..", "build"))
MODULES = os.environ.get("SQL_ENGINES", os.path.join(BUILD, "replay-peers"))
SCRATCH = tempfile.mkdtemp(prefix="ffreplay-sql-")
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)

TYPES = {
    "clickhouse": {"text": "Nullable(String)", "number": "Nullable(Float64)", "boolean": "Nullable(Bool)",
                   "strings": "Array(String)", "time": "Nullable(DateTime64(3, 'UTC'))", "integer": "Nullable(Int64)"},
    "duckdb": {"text": "VARCHAR", "number": "DOUBLE", "boolean": "BOOLEAN", "strings": "VARCHAR[]",
               "time": "TIMESTAMP", "integer": "BIGINT"},
    "postgresql": {"text": "text", "number": "double precision", "boolean": "boolean", "strings": "text[]",
                   "time": "timestamptz", "integer": "bigint"},
}


class Problem(Exception):
    pass


def quote(dialect, name):
    if dialect == "clickhouse":
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return '"' + name.replace('"', '""') + '"'


class Engine:
    def __init__(self, dialect):
        self.dialect = dialect

    def create(self, table, columns, rows):
        """A table of rows that are dictionaries; what one lacks is NULL. Times are RFC 3339."""
        types = TYPES[self.dialect]
        named = ", ".join(f"{quote(self.dialect, name)} {types[kind]}" for name, kind in columns.items())
        name = quote(self.dialect, table)
        self.run(f"DROP TABLE IF EXISTS {name}")
        engine = " ENGINE = Memory" if self.dialect == "clickhouse" else ""
        self.run(f"CREATE TABLE {name} ({named}){engine}")
        if rows:
            path = os.path.join(SCRATCH, f"{self.dialect}.ndjson")
            with open(path, "w") as file:
                for row in rows:
                    file.write(json.dumps({k: row[k] for k in columns if row.get(k) is not None}) + "\n")
            self.fill(table, columns, path)


class Node(Engine):
    def __init__(self, dialect, program):
        super().__init__(dialect)
        self.process = subprocess.Popen(["node", os.path.join(HERE, "engine.mjs"), program], cwd=MODULES, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        atexit.register(self.stop)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()

    def run(self, sql):
        self.process.stdin.write(json.dumps({"sql": sql}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"problem":"the engine has ended"}')
        if "problem" in answer:
            raise Problem(answer["problem"])
        return answer["text"]

    def fill(self, table, columns, path):
        name = quote(self.dialect, table)
        if self.dialect == "clickhouse":
            with open(path) as file:
                lines = file.read()
            self.run(f"INSERT INTO {name} SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow {lines}")
            return
        kinds = TYPES["duckdb"]
        described = ", ".join("'" + c.replace("'", "''") + f"': '{kinds[k]}'" for c, k in columns.items())
        self.run(f"INSERT INTO {name} SELECT * FROM read_json('{path}', format = 'newline_delimited', "
                 f"columns = {{{described}}})")


class PostgreSQL(Engine):
    """A server of our own, on a socket in a temporary directory. As root, which it refuses, it runs as nobody."""

    def __init__(self, programs):
        super().__init__("postgresql")
        self.folder = tempfile.mkdtemp(prefix="ffreplay-pg-", dir="/tmp")
        self.prefix = []
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody")
            self.prefix = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        environment = dict(os.environ, HOME=self.folder, LC_ALL="C.UTF-8")
        data = os.path.join(self.folder, "data")
        made = subprocess.run([*self.prefix, f"{programs}/initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8",
                               "--no-sync"], capture_output=True, text=True, env=environment, cwd=self.folder)
        if made.returncode:
            raise Problem(made.stderr)
        self.server = subprocess.Popen(
            [*self.prefix, f"{programs}/postgres", "-D", data, "-k", self.folder, "-c", "listen_addresses=", "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=self.folder)
        atexit.register(self.stop)
        ready = subprocess.run([f"{programs}/pg_isready", "-h", self.folder, "-U", "test"], capture_output=True)
        for _ in range(300):
            if ready.returncode == 0:
                break
            subprocess.run(["sleep", "0.1"])
            ready = subprocess.run([f"{programs}/pg_isready", "-h", self.folder, "-U", "test"], capture_output=True)
        if ready.returncode:
            raise Problem("the server does not answer")

    def stop(self):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, sql):
        done = subprocess.run(["psql", "-h", self.folder, "-U", "test", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"],
                              input=sql, capture_output=True, text=True)
        if done.returncode:
            raise Problem(done.stderr)
        return done.stdout

    def fill(self, table, columns, path):
        with open(path) as file:
            lines = file.read().replace("\\", "\\\\")
        self.run("DROP TABLE IF EXISTS staging; CREATE TABLE staging (j jsonb);\nCOPY staging FROM STDIN;\n" + lines + "\\.\n")
        values = []
        for name, kind in columns.items():
            text = "'" + name.replace("'", "''") + "'"
            if kind == "strings":
                values.append(f"(SELECT array_agg(e) FROM jsonb_array_elements_text(j->{text}) AS e)")
            else:
                values.append(f"(j->>{text})::{TYPES['postgresql'][kind]}")
        self.run(f"INSERT INTO {quote('postgresql', table)} SELECT {', '.join(values)} FROM staging;")


def start(dialect):
    """An engine, or why there is none."""
    if dialect == "postgresql":
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not programs or not shutil.which("psql"):
            return None, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        try:
            return PostgreSQL(programs[-1]), ""
        except Problem as problem:
            return None, f"PostgreSQL does not start: {problem}".splitlines()[0]
    program = {"clickhouse": "chdb", "duckdb": "duckdb"}[dialect]
    package = {"chdb": "chdb", "duckdb": "@duckdb/node-api"}[program]
    if not shutil.which("node") or not os.path.isdir(os.path.join(MODULES, "node_modules", package)):
        return None, f"{package} is not installed (make engines)"
    engine = Node(dialect, program)
    try:
        engine.run("SELECT 1")
    except (Problem, BrokenPipeError) as problem:
        return None, f"{package} does not run: {problem}".splitlines()[0]
    return engine, ""
