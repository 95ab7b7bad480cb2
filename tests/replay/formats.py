"""The same requests as lines of each format that ffreplay reads, as its server writes them."""
import datetime
import json
import random
import urllib.parse

from lab import HOUR, START

AGENTS = ["curl/7.88.1", 'a "bot" of sorts', "back\\slash", "Mozilla/5.0 (X11; Linux x86_64)", None, "x" * 300,
          "tab\there", "caf\u00e9 [x] {y}"]
# HTTP lets clients send quotes and backslashes in headers; some servers write them as they are.
TAME = ["curl/7.88.1", "Mozilla/5.0 (X11; Linux x86_64)", None, "x" * 300]


def requests(count, seed=4, agents=None):
    rng = random.Random(seed)
    agents = agents or AGENTS
    for i in range(count):
        number = rng.randrange(300)
        yield {"time": START + 2 * HOUR * i // count // 1000 * 1000,
               "client": f"2001:db8::{number:x}" if number % 3 else f"192.0.2.{number % 256}",
               "user": rng.choice([None, None, "jo", "jo doe"]),
               "method": rng.choice(["GET", "POST"]),
               "path": rng.choice(["/", "/search", "/static/a.css"]),
               "query": rng.choice(["", "?q=%22x%22&y=1"]),
               "status": 503 if rng.random() < 0.02 else 200,
               "bytes": rng.randrange(200, 20000),
               "agent": rng.choice(agents),
               "ms": rng.randrange(2000)}


# --------------------------------------------------------------------------------------- escapes


def backslash(text):
    """As Apache writes it, and nginx nearly so."""
    out = ""
    for byte in text.encode():
        char = chr(byte)
        if char in '"\\':
            out += "\\" + char
        elif 32 <= byte < 127:
            out += char
        else:
            out += "\\t" if char == "\t" else f"\\x{byte:02x}"
    return out


def nginx(text):
    return "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\' else f"\\x{b:02X}" for b in text.encode())


def json_text(text):
    return json.dumps(text)[1:-1]


def as_is(text):
    return text


def codes(text):
    return "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"#{|}' else f"#{b:02X}" for b in text.encode())


# ----------------------------------------------------------------------------------------- times


def at(request, zone=datetime.timezone.utc):
    return datetime.datetime.fromtimestamp(request["time"] / 1000, zone)


def clf(request):
    zone = datetime.timezone(datetime.timedelta(minutes=[-570, 0, 90, 840][request["ms"] % 4]))
    return at(request, zone).strftime("%d/%b/%Y:%H:%M:%S %z")


def iso(request):
    return at(request).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# ----------------------------------------------------------------------------------------- lines


def uri(request):
    return request["path"] + request["query"]


def first_line(request):
    return f'{request["method"]} {uri(request)} HTTP/1.1'


def common(request):
    return (f'{request["client"]} - {request["user"] or "-"} [{clf(request)}] "{first_line(request)}" '
            f'{request["status"]} {request["bytes"]}')


def combined(request, escape=backslash):
    return f'{common(request)} "-" "{escape(request["agent"] or "-")}"'


def endpoint(request):
    return f'{request["client"]}:41234'


def lists(request):
    """What nginx writes where it asked two upstreams: a list of each."""
    twice = request["ms"] % 5 == 0
    return (("10.0.0.1:80, 10.0.0.2:80", "0, 512", f'0.001, {seconds(request)}', f'502, {request["status"]}') if twice
            else ("10.0.0.1:80", "512", seconds(request), str(request["status"])))


def seconds(request):
    return f'{request["ms"] / 1000:.3f}'


def ingress(request):
    addr, length, time, status = lists(request)
    return (f'{combined(request, nginx)} 89 {seconds(request)} [default-web-80] [] {addr} {length} {time} {status} '
            f'{request["ms"]:032x}')


def traefik(request):
    return f'{combined(request, as_is)} 262 "web@docker" "http://10.0.0.3:80" {request["ms"]}ms'


def haproxy(request):
    lead = ["", "haproxy[14389]: ", "<134>Nov 20 10:00:00 web-1 haproxy[14389]: "][request["ms"] % 3]
    agent = codes(request["agent"] or "")
    captured = ["", "{%s} " % agent, "{%s|x} {} " % agent][request["ms"] // 3 % 3]
    time = at(request).strftime("%d/%b/%Y:%H:%M:%S.000")
    return (f'{lead}{endpoint(request)} [{time}] http-in static/srv1 10/0/30/69/{request["ms"]} {request["status"]} '
            f'{request["bytes"]} - - ---- 1/1/1/1/0 0/0 {captured}"{first_line(request)}"')


def envoy(request):
    return (f'[{iso(request)}] "{first_line(request)}" {request["status"]} - 0 {request["bytes"]} {request["ms"]} 3 '
            f'"{request["client"]}" "{request["agent"] or "-"}" "id-{request["ms"]}" "shop" "10.0.0.2:80"')


def alb(request):
    tail = ' "10.0.0.1:80" "200" "-" "-" TID_0 "-" "-" -' if request["ms"] % 2 else ""
    client = request["client"] if ":" not in request["client"] else f'[{request["client"]}]'
    return (f'https {iso(request)} app/lb/50dc6c {client}:2817 10.0.0.1:80 0.000 {seconds(request)} 0.000 '
            f'{request["status"]} {request["status"]} 34 {request["bytes"]} '
            f'"{request["method"]} https://shop:443{uri(request)} HTTP/1.1" "{backslash(request["agent"] or "-")}" '
            f'ECDHE TLSv1.2 arn:aws:x "Root=1-5" "shop" "arn:aws:y" 0 {iso(request)} "forward" "-" "-"{tail}')


NGINX = ("$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
         "\"$http_user_agent\" $request_time \"$upstream_response_time\"")
NGINX_JSON = ('log_format json escape=json \'{"t":"$time_iso8601","a":"$remote_addr","r":"$request",\' '
              '\'"s":$status,"b":$body_bytes_sent,"u":"$http_user_agent","d":$request_time}\';')
NGINX_URL = ("$msec|$remote_addr|$request_method $scheme://$host$request_uri|$status|$body_bytes_sent|"
             "$request_time|$http_user_agent")
APACHE = r'''LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D" timed'''
GUNICORN = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %(p)s %(M)s'
APACHE_TIMES = ('%{%Y-%m-%d}t %{%T}t.%{msec_frac}t%{%z}t %a "%m %U%q %H" %>s %b %{ms}T "%{User-Agent}i"')


def nginx_main(request):
    return f'{combined(request, nginx)} {seconds(request)} "{lists(request)[2]}"'


def nginx_json(request):
    agent = json_text(request["agent"] or "")
    return (f'{{"t":"{at(request).isoformat()}","a":"{request["client"]}","r":"{first_line(request)}",'
            f'"s":{request["status"]},"b":{request["bytes"]},"u":"{agent}","d":{seconds(request)}}}')


def nginx_url(request):
    return (f'{request["time"] // 1000}.000|{request["client"]}|{request["method"]} https://shop{uri(request)}|'
            f'{request["status"]}|{request["bytes"]}|{seconds(request)}|{nginx(request["agent"] or "-")}')


def apache(request):
    return f'shop:443 {combined(request)} {request["ms"] * 1000}'


def gunicorn(request):
    return f'{combined(request)} <7> {request["ms"]}'


def apache_times(request):
    time = at(request).strftime("%Y-%m-%d %H:%M:%S.000+0000")
    return (f'{time} {request["client"]} "{request["method"]} {uri(request)} HTTP/1.1" {request["status"]} '
            f'{request["bytes"]} {request["ms"]} "{backslash(request["agent"] or "-")}"')


def ndjson(request):
    line = {"time": request["time"], "remote_addr": request["client"], "status": request["status"],
            "bytes": request["bytes"], "path": request["path"], "latency": request["ms"],
            "user_agent": request["agent"]}
    return json.dumps({key: value for key, value in line.items() if value is not None})


def logfmt(request):
    agent = "" if request["agent"] is None else f' agent="{json_text(request["agent"])}"'
    return (f'ts={iso(request)} level=info ok client={request["client"]} status={request["status"]} '
            f'bytes={request["bytes"]} path={request["path"]} latency={request["ms"]}{agent} note="a \\"b\\" = c"')


def plus(text):
    return "-" if text is None else text.replace(" ", "+")


IIS_COLUMNS = ("date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
               "sc-status sc-substatus sc-win32-status sc-bytes time-taken")
IIS_HEAD = ["#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0", "#Date: 2026-11-20 10:00:00",
            f"#Fields: {IIS_COLUMNS}"]


def iis(request):
    return (f'{at(request).strftime("%Y-%m-%d %H:%M:%S")} 10.0.0.1 {request["method"]} {request["path"]} '
            f'{request["query"][1:] or "-"} 443 {plus(request["user"])} {request["client"]} {plus(request["agent"])} - '
            f'{request["status"]} 0 0 {request["bytes"]} {request["ms"]}')


CLOUDFRONT_HEAD = ["#Version: 1.0", "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem "
                   "sc-status cs(Referer) cs(User-Agent) cs-uri-query x-edge-result-type time-taken"]


def cloudfront(request):
    agent = urllib.parse.quote(request["agent"], safe="/();,:") if request["agent"] else "-"
    return "\t".join([at(request).strftime("%Y-%m-%d"), at(request).strftime("%H:%M:%S"), "OSL50-C1",
                      str(request["bytes"]), request["client"], request["method"], "d1.cloudfront.net", request["path"],
                      str(request["status"]), "-", agent, request["query"][1:] or "-", "Miss", seconds(request)])


def caddy(request):
    headers = {"Accept": ["*/*"]} | ({"User-Agent": [request["agent"]]} if request["agent"] else {})
    asked = {"remote_ip": request["client"], "remote_port": "41342", "client_ip": request["client"],
             "proto": "HTTP/2.0", "method": request["method"], "host": "shop", "uri": uri(request), "headers": headers}
    return json.dumps({"level": "info", "ts": request["time"] / 1000 + 0.25, "logger": "http.log.access.log0",
                       "msg": "handled request", "request": asked, "bytes_read": 0, "user_id": request["user"] or "",
                       "duration": request["ms"] / 1000, "size": request["bytes"], "status": request["status"],
                       "resp_headers": {"Server": ["Caddy"]}})


def span(request):
    start = request["time"] * 10**6
    attributes = {"client.address": request["client"], "url.path": request["path"]}
    if request["agent"] is not None:
        attributes["user_agent.original"] = request["agent"]
    given = [{"key": key, "value": {"stringValue": text}} for key, text in attributes.items()]
    given += [{"key": key, "value": {"intValue": str(number)}} for key, number in (
        ("http.response.status_code", request["status"]), ("http.response.body.size", request["bytes"]))]
    one = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "GET /", "kind": 2,
           "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + request["ms"] * 10**6), "attributes": given,
           "status": {"code": 2} if request["status"] >= 500 else {}}
    return json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [one]}]}]})


def columns(request):
    """As people keep them: blanks between them, and a decimal comma; quotes where a text has blanks."""
    agent = (request["agent"] or "").replace('"', '""')
    return (f'{at(request).strftime("%d.%m.%Y %H:%M:%S")}  {request["client"]} {request["status"]} {request["bytes"]} '
            f'{request["path"]}\t"{agent}" {request["ms"]},0')


def cri(line, request):
    """A long line is split in two, as a runtime does at 16 KiB."""
    begin = f'{iso(request)} {["stdout", "stderr"][request["ms"] % 2]}'
    if request["ms"] % 7:
        return f"{begin} F {line}"
    return f"{begin} P {line[:30]}\n{begin} F {line[30:]}"


def docker(line, request):
    split = [line + "\n"] if request["ms"] % 7 else [line[:30], line[30:] + "\n"]
    return "\n".join(json.dumps({"log": part, "stream": "stdout", "time": iso(request)}) for part in split)


def journald(line, request):
    return json.dumps({"__REALTIME_TIMESTAMP": str(request["time"] * 1000), "_PID": "7", "MESSAGE": line})


def kubectl(line, request):
    return ["", "[pod/web-5d/app] "][request["ms"] % 2] + ["", f"{iso(request)} "][request["ms"] // 2 % 2] + line


def compose(line, request):
    return f'{["web-1", "worker-12"][request["ms"] % 2]:9}  | {line}'


def syslog(line, request):
    """As daemons and servers have it, one after the other."""
    time = at(request)
    short, long = time.strftime("%b %e %H:%M:%S"), iso(request)
    begin = [f"{short} web1 shop[7]: ", f"<190>{short} web1 shop: ", f"<190>{short} shop: ", f"{long} web1 shop[7]: ",
             f"{short} web1 daemon.info shop: ", f"<134>1 {long} web1 shop 7 - - ", f"<134>1 {long} web1 shop - ID47 "
             '[a@32473 x="1" y="a \\"b\\] c"][b@1] \ufeff', f"1 {long} web1 shop - - -  ", f"{short} web1 shop: @cee: "]
    return begin[request["ms"] % len(begin)] + line


def in_field(line, request):
    return json.dumps({"kubernetes": {"pod": "web"}, "log": line})


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


class Format:
    """A log's definition but for its context, its lines, and what its fields are called."""

    def __init__(self, name, log, line, fields=None, client="remote_addr", head=(), wild=True, has=None):
        self.name, self.log, self.line, self.client = name, log, line, client
        self.fields = {"status": "status", "bytes": "bytes", "path": "path", "agent": "user_agent", **(fields or {})}
        self.head, self.wild = list(head), wild
        self.has = set(self.fields) if has is None else set(has)

    def lines(self, all_requests):
        return self.head + [self.line(request) for request in all_requests]


FORMATS = [
    Format("ndjson", "format: ndjson, unit: remote_addr", ndjson, {"latency": "latency"}),
    Format("combined", "format: combined", combined),
    Format("common", "format: common", common, has={"status", "bytes", "path"}),
    Format("vhost_combined", "format: vhost_combined", lambda request: f"shop:443 {combined(request)}"),
    Format("ingress-nginx", "format: ingress-nginx", ingress, {"latency": "request_time"}),
    Format("traefik", "format: traefik", traefik, {"latency": "duration"}),
    Format("haproxy-http", 'format: haproxy-http, zone: "+00:00"', haproxy, {"latency": "duration"},
           has={"status", "bytes", "path", "latency"}),
    Format("envoy", "format: envoy", envoy, {"latency": "duration"}, client="x_forwarded_for", wild=False),
    Format("alb", "format: alb", alb, {"latency": "target_processing_time", "status": "elb_status_code",
                                       "bytes": "sent_bytes"}, client="client",
           has={"status", "bytes", "agent", "latency"}),
    Format("nginx", f"pattern: nginx, log_format: {quoted(NGINX)}", nginx_main,
           {"latency": "request_time", "bytes": "body_bytes_sent", "agent": "http_user_agent"}),
    Format("nginx-json", f"pattern: nginx, log_format: {quoted(NGINX_JSON)}", nginx_json,
           {"latency": "request_time", "bytes": "body_bytes_sent", "agent": "http_user_agent"}),
    Format("nginx-url", f"pattern: nginx, log_format: {quoted(NGINX_URL)}", nginx_url,
           {"latency": "request_time", "bytes": "body_bytes_sent", "agent": "http_user_agent"},
           has={"status", "bytes", "agent", "latency"}),
    Format("apache", f"pattern: apache, log_format: {quoted(APACHE)}", apache,
           {"latency": "duration", "agent": "header_user_agent"}),
    Format("gunicorn", f"pattern: gunicorn, log_format: {quoted(GUNICORN)}", gunicorn, {"latency": "duration"}),
    Format("logfmt", "format: logfmt, time: ts, unit: client", logfmt,
           {"latency": "latency", "agent": "agent"}, client="client"),
    Format("iis", "format: iis", iis, {"latency": "time-taken", "status": "sc-status", "bytes": "sc-bytes",
                                       "path": "cs-uri-stem", "agent": "cs(User-Agent)"}, client="c-ip",
           head=IIS_HEAD, wild=False),
    Format("w3c", "format: w3c", iis, {"latency": "time-taken", "status": "sc-status", "bytes": "sc-bytes",
                                       "path": "cs-uri-stem", "agent": "cs(User-Agent)"}, client="c-ip",
           head=IIS_HEAD, wild=False),
    Format("cloudfront", "format: cloudfront", cloudfront,
           {"latency": "time-taken", "status": "sc-status", "bytes": "sc-bytes", "path": "cs-uri-stem",
            "agent": "cs(User-Agent)"}, client="c-ip", head=CLOUDFRONT_HEAD, wild=False),
    Format("caddy", "format: caddy", caddy,
           {"latency": "duration", "bytes": "size",
            "agent": "{from: request.headers.User-Agent, parse: first}"}, client="request.remote_ip",
           has={"status", "bytes", "agent", "latency"}),
    Format("spans", "format: otlp, unit: client.address", span,
           {"latency": "duration", "status": "http.response.status_code", "bytes": "http.response.body.size",
            "path": "url.path", "agent": "user_agent.original"}, client="client.address"),
    Format("apache-times", f"pattern: apache, log_format: {quoted(APACHE_TIMES)}", apache_times,
           {"latency": "duration", "agent": "header_user_agent"}, has={"status", "bytes", "agent", "latency"}),
]

JSON = {"latency": "latency"}
WRAPPED = [
    Format("cri", "format: ndjson, unit: remote_addr, wrap: cri", lambda r: cri(ndjson(r), r), JSON),
    Format("docker", "format: ndjson, unit: remote_addr, wrap: docker", lambda r: docker(ndjson(r), r), JSON),
    Format("journald", "format: ndjson, unit: remote_addr, wrap: journald, time: wrap.__REALTIME_TIMESTAMP",
           lambda r: journald(ndjson(r), r), JSON),
    Format("kubectl", "format: ndjson, unit: remote_addr, wrap: kubectl", lambda r: kubectl(ndjson(r), r), JSON),
    Format("compose", "format: ndjson, unit: remote_addr, wrap: compose", lambda r: compose(ndjson(r), r), JSON),
    Format("syslog", "format: ndjson, unit: remote_addr, wrap: syslog", lambda r: syslog(ndjson(r), r), JSON),
    Format("syslog-of-nginx", f"wrap: syslog, pattern: nginx, log_format: {quoted(NGINX)}",
           lambda r: syslog(nginx_main(r), r),
           {"latency": "request_time", "bytes": "body_bytes_sent", "agent": "http_user_agent"}),
    Format("cri-of-syslog-of-field", 'format: ndjson, unit: remote_addr, wrap: [cri, syslog, "field log"]',
           lambda r: cri(syslog(in_field(ndjson(r), r), r), r), JSON),
    Format("field", "format: ndjson, unit: remote_addr, wrap: field log", lambda r: in_field(ndjson(r), r), JSON),
    Format("cri-of-field", 'format: ndjson, unit: remote_addr, wrap: ["cri", "field log"]',
           lambda r: cri(in_field(ndjson(r), r), r), JSON),
    Format("docker-of-nginx", f"wrap: docker, pattern: nginx, log_format: {quoted(NGINX)}",
           lambda r: docker(nginx_main(r), r),
           {"latency": "request_time", "bytes": "body_bytes_sent", "agent": "http_user_agent"}),
    Format("columns", "format: tsv\ndelimiter: space\ncomment: '#'\nunit: client\n"
           "columns: [day, clock, client, status, bytes, path, agent, ms]\n"
           "time: {from: [day, clock], format: '%d.%m.%Y %H:%M:%S', zone: Z}", columns,
           {"latency": "{from: ms, decimal: ',', unit: ms, from_unit: ms}", "agent": "agent"}, client="client"),
    Format("cri-of-logfmt", "format: logfmt, time: wrap.time, unit: client, wrap: cri", lambda r: cri(logfmt(r), r),
           {"latency": "latency", "agent": "agent"}, client="client"),
]
