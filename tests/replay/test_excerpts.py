#!/usr/bin/env python3
"""Lines as the documentation of each server shows them, or as it wrote them; addresses and names are those kept
for examples. What they say is in their own words, and ffreplay finds the same."""
import math
import os
import re
import subprocess

from lab import FFREPLAY, TOP, Result, equal, finish, ok, project, write

AT = "2026-11-20T10:00:00Z"
BASE = """\
project: {name: lab, environments: [production], bucket_by: client}
attributes: {client: string}
logs:
  log: {%s}
metrics:
%s"""


def metrics(name, log, lines, fields, tests):
    """Each field's sum, by its mean; each test's count, by its share."""
    defined = "".join(f"  f{i}: {{kind: mean, value: '{field}'}}\n" for i, field in enumerate(fields))
    defined += "".join(f"  t{i}: {{kind: proportion, of: {test}}}\n" for i, test in enumerate(tests))
    directory = project(f"excerpt-{name}", "", base=BASE % (log, defined))
    path = write(f"{name}.log", [line for line in lines.strip("\n").split("\n")])
    return Result(subprocess.run([FFREPLAY, "metrics", "-C", directory, path, "--json", "--show-private"],
                                 capture_output=True))


def excerpt(name, log, lines, used, first, fields, tests=None):
    tests = tests or {}
    result = metrics(name, log, lines, fields, tests)
    if not ok(result.status == 0, f"{name}_is_read", result.err):
        return
    found, given = result.json["groups"][0]["metrics"], result.json["input"]
    equal((given["used"], sum(given["bad"].values()), given["first"]), (used, 0, first), f"{name}_whole")
    for i, (field, expected) in enumerate(fields.items()):
        got = found[f"f{i}"]
        total = got["estimate"] * got["n"] if got["n"] else None
        ok(total is not None and math.isclose(total, expected, rel_tol=1e-9), f"{name}_{field}", f"got {total}, expected {expected}")
    for i, (test, expected) in enumerate(tests.items()):
        got = found[f"t{i}"]
        equal(round(got["estimate"] * got["n"]), expected, f"{name}_of_{test}")


excerpt("combined", "format: combined", r'''
192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"
::1 - - [26/Dec/2016:16:16:48 +0200] "-" 408 -
198.51.100.23 - - [26/Dec/2016:16:22:13 +0000] "GET /hello HTTP/1.1" 404 499 "-" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.12; rv:50.0) Gecko/20100101 Firefox/50.0"
''', 3, "2000-10-10T20:55:36Z", {"bytes": 2825}, {"{status: {gte: 400}}": 2, "{path: /hello}": 1})
excerpt("combined-nobody", "format: combined", r'''
 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 6 "-" "curl/7.88.1"
- - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" - - "-" "-"
 - bob smith [20/Nov/2026:10:00:00 +0000] "GET /auth HTTP/1.1" 200 6 "-" "-"
192.0.2.1 -  [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 6 "-" "-"
''', 4, AT, {"bytes": 18}, {"{remote_addr: {present: true}}": 1, "{remote_user: {present: true}}": 1, "{status: 200}": 3})
excerpt("vhost_combined", "format: vhost_combined", r'''
h10.example.com 198.51.100.25 - - [04/Jul/2019:09:20:46 +0200] "GET / HTTP/1.1" 200 32953 "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/75.0.  3770.100 Safari/537.36"
www.example.com:443 198.51.100.35 - - [04/Jul/2019:09:20:47 +0200] "GET / HTTP/1.1" 500 32953 "-" "Mozilla/5.0"
''', 2, "2019-07-04T07:20:46Z", {"bytes": 65906}, {"{vhost: h10.example.com}": 1, "{port: 443}": 1})
excerpt("ingress", "format: ingress-nginx", r'''
198.51.100.37 - - [07/Feb/2020:11:48:51 +0000] "POST /products HTTP/1.1" 200 59 "-" "curl/7.54.0" 89 0.001 [default-web-8080] [] 198.51.100.38:8080 59 0.000 200 529a007902362a5f51385a5fa7049884
''', 1, "2020-02-07T11:48:51Z", {"request_time": 1, "request_length": 89}, {"{proxy_upstream_name: default-web-8080}": 1})
excerpt("traefik", "format: traefik", r'''
198.51.100.23 - - [02/Oct/2017:20:22:07 +0000] "GET /ui/favicons/favicon-16x16.png HTTP/1.1" 304 0 "http://example.com/login" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/61.0.3163.100 Safari/537.36" 262 "Host-host-1" "http://198.51.100.36:5601" 2ms
''', 1, "2017-10-02T20:22:07Z", {"duration": 2, "request_count": 262}, {"{status: 304}": 1})
excerpt("haproxy", 'format: haproxy-http, zone: "+00:00"', r'''
Feb  6 12:14:14 localhost haproxy[14389]: 192.0.2.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {www.example.com} {} "GET /index.html HTTP/1.1"
''', 1, "2009-02-06T12:14:14.655Z", {"duration": 109, "response_time": 69, "bytes": 2750}, {"{server: srv1}": 1})
excerpt("envoy", "format: envoy", r'''
[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "192.0.2.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "tcp://192.0.2.1:80"
''', 1, "2016-04-15T20:17:00.310Z", {"duration": 226, "upstream_service_time": 100}, {"{authority: locations}": 1})
excerpt("alb", "format: alb", r'''
http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.0.2.39:2817 192.0.2.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "192.0.2.1:80" "200" "-" "-"
h2 2023-02-07T01:32:22.209968Z app/my-loadbalancer/50dc6c495c0c9188 192.0.2.40:40684 192.0.2.1:80 0.001 0.005 0.000 400 400 66 49 "GET https://www.example.com:443/QUOTE?bar=\x22 HTTP/2.0" "curl/7.85.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-63e1aa26-3bbc289b52c6671f5d00f7b4" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012" 0 2023-02-07T01:32:22.203000Z "forward" "-" "-" "192.0.2.1:80" "400" "-" "-"
''', 2, "2018-07-02T22:23:00.186Z", {"target_processing_time": 6, "sent_bytes": 415}, {"{elb_status_code: {gte: 400}}": 1})
excerpt("iis", "format: iis", r'''
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2023-11-14 00:00:00
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken
2023-11-14 00:00:00 192.0.2.12 PUT /api/applicationstates/6 - 80 - 198.51.100.10 - - 200 0 0 110
2023-11-14 00:04:26 192.0.2.12 GET /api/operatingmodes AssetName=A060314 80 - 198.51.100.11 - - 200 0 0 79
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2023-11-14 07:00:00
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken
2023-11-14 07:00:30 192.0.2.12 GET / - 80 - 198.51.100.22 Mozilla/5.0+(Windows+NT+6.1;+WOW64;+Trident/7.0;+rv:11.0)+like+Gecko 500 0 0 16891
''', 3, "2023-11-14T00:00:00Z", {"time-taken": 17080},
        {"{sc-status: {gte: 500}}": 1, "{'cs(User-Agent)': {contains: 'Windows NT 6.1'}}": 1, "{c-ip: {present: true}}": 3})
excerpt("w3c", "format: w3c", r'''
#Software: Microsoft HTTP Server API 2.0
#Version: 1.0   // the log file version as it's described by "https://h8.example.com/TR/WD-logfile".
#Date: 2002-05-02 17:42:15  // when the first log file entry was recorded, which is when the entire log file was created.
#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)
2002-05-02 17:42:15 198.51.100.12 - 198.51.100.13 80 GET /images/picture.jpg - 200 Mozilla/4.0+(compatible;MSIE+5.5;+Windows+2000+Server)
''', 1, "2002-05-02T17:42:15Z", {"sc-status": 200}, {"{cs-uri-stem: {ends_with: .jpg}}": 1})
excerpt("w3c-quoted", "format: w3c, time: [date-local, time-local], zone: '+02:00', unit: s-ip, "
        "fields: {took: {from: TimeTakenMS, from_unit: ms, unit: s}}", r'''
#Software: IIS Advanced Logging Module
#Version: 1.0
#Start-Date: 2014-11-18 00:00:00.128
#Fields:   date-local time-local   s-ip   cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs(Host) sc-status sc-substatus sc-win32-status TimeTakenMS
2012-08-15 17:00:00.363 198.51.100.15 GET /Products/theProduct - 80 - "198.51.100.16" "Mozilla/5.0 (Linux; Android 4.4.4; SM-G900V Build/KTU84P) AppleWebKit/537.36" "http://example.com/Search/SearchResults.pg?informationRecipient.languageCode.c=en" "xzy.example.com" 200 0 0 109
2012-08-15 17:00:00.675 198.51.100.17 GET /hello/world/6,681965 - 80 - "198.51.100.18" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_1)" - "hello.example.com" 404 " ""garbage"" w/ spaces " 0 359
''', 2, "2012-08-15T15:00:00.363Z", {"took": 0.468}, {"{sc-substatus: {contains: 'garbage\" w/'}}": 1, "{sc-status: 404}": 1})
excerpt("cloudfront", "format: cloudfront", '''
#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end
2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/78.0.3904.108%20Safari/537.36\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-
'''.replace("\\t", "\t"), 1, "2019-12-04T21:02:31Z", {"time-taken": 1, "time-to-first-byte": 1, "sc-bytes": 392},
        {"{x-edge-result-type: Hit}": 1, "{c-ip: 192.0.2.100}": 1})
excerpt("caddy", "format: caddy, fields: {agent: {from: request.headers.User-Agent, parse: first}}", '''
{"level":"info","ts":1646861400.1,"logger":"tls","msg":"cleaning storage unit"}
{"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"127.0.0.1","remote_port":"41342","client_ip":"127.0.0.1","proto":"HTTP/2.0","method":"GET","host":"localhost","uri":"/","headers":{"User-Agent":["curl/7.82.0"],"Accept":["*/*"],"Accept-Encoding":["gzip, deflate, br"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"example.com"}},"bytes_read": 0,"user_id":"","duration":0.000929675,"size":10900,"status":200,"resp_headers":{"Server":["Caddy"],"Content-Encoding":["gzip"],"Content-Type":["text/html; charset=utf-8"],"Vary":["Accept-Encoding"]}}
''', 1, "2022-03-09T21:30:01.524Z", {"duration": 0.929675, "size": 10900}, {"{agent: curl/7.82.0}": 1})
excerpt("spans", "format: otlp", '''
{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},"scopeSpans":[{"scope":{"name":"my.library","version":"1.0.0","attributes":[{"key":"my.scope.attribute","value":{"stringValue":"some scope attribute"}}]},"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"EEE19B7EC3C1B173","name":"I'm a server span","startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000","kind":2,"attributes":[{"key":"my.span.attr","value":{"stringValue":"some value"}}]}]}]}]}
''', 1, "2018-12-13T14:51:00Z", {"duration": 1000}, {"{kind: server}": 1, "{status: unset}": 1, "{signal: span}": 1, "{service.name: my.service}": 1})
excerpt("log-records", "format: otlp", '''
{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"payment-service"}}]},"scopeLogs":[{"scope":{"name":"com.example.payment"},"logRecords":[{"timeUnixNano":"1700000000000000000","severityNumber":9,"severityText":"INFO","body":{"stringValue":"Processing payment request"},"traceId":"5b8aa5a2d2c872e8321cf37308d69df2","spanId":"051581bf3cb55c13"},{"timeUnixNano":"1700000001000000000","severityNumber":13,"severityText":"WARN","body":{"stringValue":"Payment gateway slow response"},"traceId":"5b8aa5a2d2c872e8321cf37308d69df2","spanId":"051581bf3cb55c14"}]}]}]}
''', 2, "2023-11-14T22:13:20Z", {"severityNumber": 22}, {"{severityText: WARN}": 1, "{signal: log}": 2})
excerpt("logfmt", "format: logfmt, fields: {connect: {from: connect, parse: duration}, service: {from: service, parse: duration}}", '''
time="2021-09-15T21:17:10.220731Z" at=info method=GET path="/" host=www.example.com fwd="203.0.113.7" dyno=web.1 connect=1ms service=1m3.5s status=200 bytes=13
''', 1, "2021-09-15T21:17:10.220Z", {"connect": 1, "service": 63500, "bytes": 13}, {"{fwd: 203.0.113.7}": 1})
excerpt("nginx-upstreams", "pattern: nginx, log_format: '$remote_addr [$time_local] \"$request\" $status \"$upstream_response_time\"', "
        "fields: {waited: {from: upstream_response_time, parse: sum}, first: {from: upstream_response_time, parse: first}, "
        "longest: {from: upstream_response_time, parse: max, unit: s}}", '''
192.0.2.1 [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 "0.004, 0.012 : 0.2"
192.0.2.1 [20/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 "-"
''', 2, "2026-11-20T10:00:00Z", {"waited": 216, "first": 4, "longest": 0.2})
excerpt("cri", "format: ndjson, wrap: cri, time: wrap.time", '''
2016-10-06T00:17:09.669794202Z stdout P {"status":200,
2016-10-06T00:17:09.669794203Z stdout F "took":7}
''', 1, "2016-10-06T00:17:09.669Z", {"took": 7, "status": 200})
excerpt("spreadsheet", "format: csv, delimiter: semicolon, time: {from: Zeit, format: '%d.%m.%Y %H:%M', zone: '+01:00'}, "
        "fields: {took: {from: Dauer, decimal: ',', from_unit: s}, load: {from: Last, parse: percent, decimal: ',', missing: [k.A.]}, "
        "read: {from: Gelesen, parse: size}}", '''
Zeit;Dauer;Last;Gelesen
31.12.2026 13:05;0,25;12,5 %;3 MiB
31.12.2026 13:06;1,5;k.A.;12kB
''', 2, "2026-12-31T12:05:00Z", {"took": 1750, "load": 0.125, "read": 3 * 2**20 + 12000})
excerpt("blanks", "format: tsv, delimiter: space, comment: '#', columns: [day, clock, client, status, took], time: [day, clock], "
        "zone: '+00:00', unit: client", '''
# day      clock    client     status took
2026-11-20 10:00:00 192.0.2.1  200    17
2026-11-20 10:00:01 "192.0.2.1" 503   18
''', 2, "2026-11-20T10:00:00Z", {"took": 35}, {"{status: 503}": 1, "{client: 192.0.2.1}": 2})

# What services and their libraries write.
excerpt("lograge", "format: logfmt, time: time", """
method=GET path=/jobs/833552.json format=json controller=JobsController action=show status=200 duration=58.33 view=40.43 db=15.26 time=2026-11-20T10:00:00.123Z
method=POST path=/jobs format=html controller=JobsController action=create status=302 duration=18.33 view=0.00 db=5.26 location=http://example.com/jobs/1 time=2026-11-20T10:00:01.123Z
""", 2, "2026-11-20T10:00:00.123Z", {"duration": 76.66}, {"{status: 302}": 1})
excerpt("rails-logger", "pattern: apache, zone: '+00:00', log_format: 'I, [%{%Y-%m-%dT%H:%M:%S}t.%{usec_frac}t #%{pid}n]  %{severity}n -- : "
        "method=%m path=%U status=%s duration=%{took}n'", """
I, [2026-11-20T10:00:00.123456 #4821]  INFO -- : method=GET path=/jobs/833552.json status=200 duration=58.33
""", 1, "2026-11-20T10:00:00.123Z", {"note_took": 58.33}, {"{path: /jobs/833552.json}": 1})
excerpt("heroku", "pattern: nginx, log_format: '$time_iso8601 heroku[router]: at=$at method=$method path=\"$path\" host=$host request_id=$id "
        "fwd=\"$fwd\" dyno=$dyno connect=$connect service=$service status=$status bytes=$bytes protocol=$protocol', "
        "fields: {service: {from: service, parse: duration}}", """
2026-11-20T10:00:00.123456+00:00 heroku[router]: at=info method=GET path="/" host=app.example.com request_id=8601b555-6a83-4c12-8269-97c8e32cdb22 fwd="192.0.2.1" dyno=web.1 connect=1ms service=18ms status=200 bytes=13 protocol=https
""", 1, "2026-11-20T10:00:00.123Z", {"service": 18}, {"{status: 200}": 1})
excerpt("slog-text", "format: logfmt, time: time, fields: {took: {from: took, parse: duration}}", r"""
time=2026-11-20T10:00:00.123Z level=INFO msg="request done" status=200 took=12.5ms
time=2026-11-20T10:00:01.123+01:00 level=ERROR msg="request \"x\" failed" status=500 took=1.2s
""", 2, "2026-11-20T09:00:01.123Z", {"took": 1212.5}, {"{level: ERROR}": 1})
excerpt("python-json", "format: ndjson, time: asctime, zone: '+01:00', fields: {took: {from: took, from_unit: s}}", """
{"asctime": "2026-11-20 10:00:00,123", "levelname": "INFO", "message": "done", "status": 200, "took": 0.125}
{"asctime": "2026-11-20 10:00:01,223", "levelname": "ERROR", "message": "failed", "status": 500, "took": 0.225}
""", 2, "2026-11-20T09:00:00.123Z", {"took": 350}, {"{levelname: ERROR}": 1})
excerpt("pino", "format: ndjson, time: time", r"""
{"level":30,"time":1795168800123,"pid":1,"hostname":"h","req":{"id":1,"method":"GET","url":"/"},"res":{"statusCode":200},"responseTime":5,"msg":"request completed"}
{"level":50,"time":1795168801123,"pid":1,"hostname":"h","res":{"statusCode":500},"err":{"type":"Error","stack":"Error\n at"},"responseTime":7,"msg":"request errored"}
""", 2, "2026-11-20T10:00:00.123Z", {"responseTime": 12}, {"{res.statusCode: {gte: 500}}": 1})
excerpt("serilog", "format: ndjson, time: '@t'", """
{"@t":"2026-11-20T10:00:00.0000000Z","@mt":"HTTP {Method} responded {StatusCode} in {Elapsed:0.0000} ms","@r":["34.5678"],"Method":"GET","StatusCode":200,"Elapsed":34.5678}
{"@t":"2026-11-20T10:00:01.0000000Z","@mt":"x","@l":"Error","StatusCode":500,"Elapsed":4.5,"@x":"System.Exception: no"}
""", 2, "2026-11-20T10:00:00Z", {"Elapsed": 39.0678}, {'{"@l": Error}': 1})
excerpt("gelf", "format: ndjson, time: timestamp", """
{"version":"1.1","host":"app.example.com","short_message":"A","timestamp":1795168800.3072,"level":6,"_took":12}
""", 1, "2026-11-20T10:00:00.307Z", {"_took": 12})
excerpt("google", "format: ndjson, time: timestamp, fields: {latency: {from: httpRequest.latency, parse: duration}, size: httpRequest.responseSize}", """
{"httpRequest":{"latency":"0.012003s","requestMethod":"GET","responseSize":"446","status":200},"severity":"INFO","timestamp":"2026-11-20T10:00:00.123456Z"}
{"httpRequest":{"latency":"1.5s","status":502,"responseSize":"400"},"severity":"WARNING","timestamp":"2026-11-20T10:00:01.123456789Z"}
""", 2, "2026-11-20T10:00:00.123Z", {"latency": 1512.003, "size": 846}, {"{httpRequest.status: {gte: 500}}": 1})
excerpt("azure", "format: ndjson, time: time, fields: {took: {from: properties.timeTaken, from_unit: s}}", """
{ "time": "2026-11-20T10:00:00.0000000Z", "category": "FrontDoorAccessLog", "properties": {"httpMethod":"GET","httpStatusCode":"200","timeTaken":"0.003"}}
{ "time": "2026-11-20T10:00:01.0000000Z", "category": "FrontDoorAccessLog", "properties": {"httpMethod":"GET","httpStatusCode":"503","timeTaken":"0.103"}}
""", 2, "2026-11-20T10:00:00Z", {"took": 106}, {"{properties.httpStatusCode: {gte: 500}}": 1})
excerpt("traefik-json", "format: ndjson, time: StartUTC, fields: {took: {from: Duration, from_unit: ns}}", """
{"ClientHost":"192.0.2.1","DownstreamStatus":200,"Duration":12003000,"StartUTC":"2026-11-20T10:00:00.123456789Z","level":"info","msg":"","time":"2026-11-20T10:00:00Z"}
""", 1, "2026-11-20T10:00:00.123Z", {"took": 12.003}, {"{DownstreamStatus: 200}": 1})
excerpt("tomcat-9", "pattern: apache, log_format: '%h %l %u %t \"%r\" %s %b %D', fields: {took: {from: duration, from_unit: ms}}", """
192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 11230 45
""", 1, "2026-11-20T10:00:00Z", {"took": 45})
excerpt("gunicorn", "pattern: gunicorn, log_format: 'access_log_format = ''%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" "
        "\"%(a)s\" %(p)s %(T)s %(L)s %({x-request-id}i)s %({server}o)s %({wsgi.url_scheme}e)s 100%%'''", r'''
192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 12 "-" "say \"hi\"" <17> 1 1.250000 abc gunicorn http 100%
192.0.2.1 - bob [20/Nov/2026:10:00:01 +0000] "POST / HTTP/1.1" 503 - "-" "curl/8" <17> 0 0.012000 - gunicorn https 100%
''', 2, "2026-11-20T10:00:00Z", {"duration": 1262, "bytes": 12, "pid": 34},
        {"{path: /a}": 1, "{header_x_request_id: abc}": 1, "{env_wsgi.url_scheme: https}": 1, "{status: 503}": 1,
         "{user_agent: 'say \"hi\"'}": 1})
excerpt("squid", "format: tsv, delimiter: space, columns: [time, took, client, result, size, method, url, ident, hierarchy, type], time: time", """
1795168800.123    154 192.0.2.1 TCP_MISS/200 1024 GET http://example.com/ - HIER_DIRECT/192.0.2.7 text/html
1795168801.123      0 192.0.2.1 TCP_HIT/200 1024 GET http://example.com/ - HIER_NONE/- text/html
""", 2, "2026-11-20T10:00:00.123Z", {"took": 154, "size": 2048})
excerpt("journald-bytes", "format: logfmt, wrap: journald, time: wrap.__REALTIME_TIMESTAMP", r"""
{"__REALTIME_TIMESTAMP":"1795168800123456","MESSAGE":"level=info ms=5"}
{"__REALTIME_TIMESTAMP":"1795168801123456","MESSAGE":[109,115,61,55,32,97,61,34,27,91,48,109,34]}
""", 2, "2026-11-20T10:00:00.123Z", {"ms": 12})

excerpt("compose-in-colours", "format: ndjson, time: ts, wrap: compose, fields: {service: wrap.service}", """
\x1b[36mweb-1  | \x1b[0m{"ts":1795168800,"ms":5}
\x1b[36mweb-1  |\x1b[0m {"ts":1795168801,"ms":6}
\x1b[1;33mdb-1   | \x1b[0m{"ts":1795168802,"ms":7}
""", 3, AT, {"ms": 18}, {"{service: web-1}": 2, "{service: db-1}": 1})
excerpt("kubectl-logfmt", "format: logfmt, time: wrap.time, wrap: kubectl", """
[pod/web-1/app] 2026-11-20T10:00:00.5Z level=info ms=5
2026-11-20T10:00:01Z level=info ms=6 ts=2026-11-20T11:00:00Z
""", 2, "2026-11-20T10:00:00.500Z", {"ms": 11})
excerpt("compose-logfmt", "format: logfmt, time: ts, wrap: compose", """
web-1  | 2026-11-20T09:00:00Z level=info ms=6 ts=2026-11-20T10:00:00Z
""", 1, AT, {"ms": 6})

excerpt("ruby", "format: logfmt, wrap: [cri, ruby], time: wrap.time, fields: {tags: wrap.tags, severity: wrap.severity, error: error}", r"""
2026-11-20T10:00:00Z stdout F [3f2c-13] [web] ms=1 error='X: it's a 'b'' db=1
2026-11-20T10:00:01Z stdout F W, [2026-11-20T10:00:01.123456 #7]  WARN -- sidekiq: ms=2 error='X' db='' name='y'
2026-11-20T10:00:02Z stdout F [3f2c-13] ms=4 quote='tis
""", 3, AT, {"ms": 7}, {"{tags: '[3f2c-13] [web]'}": 1, "{severity: WARN}": 1, "{error: \"X: it's a 'b'\"}": 1, "{error: X}": 1})
# Whatever is in quotes that end nowhere, a line is looked through once: of quadratic work, nobody sees the end.
excerpt("quotes-without-end", "format: logfmt, time: ts", "ts=1795168800 ms=5 " + "a='b c " * 700000 + "\nts=1795168801 ms=6 "
        + "a='b c " * 9 + "e='x y' z=1", 2, AT, {"ms": 11})
for given, lines, words in (
        ("format: logfmt, wrap: [cri, ruby], time: wrap.time", "2026-11-20T10:00:00Z stdout F error='X: a' b=1 and c' ms=5",
         "expected 'I, [2026"),
        ("format: logfmt, wrap: cri, time: wrap.time", "2026-11-20T10:00:00Z stdout F error='X: a' status=200 and c' ms=5",
         "could end in several places"),
        ("format: logfmt, wrap: journald, time: wrap.__REALTIME_TIMESTAMP", '{"__REALTIME_TIMESTAMP":"1795168800123456","MESSAGE":null}',
         "unless it has --all"),
        ("format: ndjson, wrap: journald, time: wrap.__REALTIME_TIMESTAMP", '{"__REALTIME_TIMESTAMP":"1795168800123456","MESSAGE":[123,999]}',
         "the field that holds the line is no text"),
        ("format: ndjson, wrap: field message, time: timestamp", '{"message":"{\\"ms\\":5}","timestamp":"2026-11-20T10:00:00Z"}',
         "the wrapper's is 'wrap.timestamp'"),
        ("format: ndjson, wrap: docker, time: wrap.time", '{"log":"Error: no\\n","stream":"stderr","time":"2026-11-20T10:00:00.1Z"}',
         "it is on stderr: if the log is on stdout, 'stream: stdout' leaves such lines out"),
        ("format: ndjson, wrap: cri, time: wrap.time", "2026-11-20T10:00:00.1Z stderr F Error: no", "'stream: stdout' leaves"),
):
    result = metrics("refused", given, lines, ["ms"], [])
    ok(result.status == 2 and words in result.err, f"says_{words.replace(' ', '_')}", result.status, result.err)

# ------------------------------------------------------------------------------- docs/servers.md

def copied():
    """The logs of docs/servers.md, by their names: what is to be copied."""
    with open(os.path.join(TOP, "docs", "servers.md")) as page:
        block = page.read().split("```")[1]
    return {name: keys for name, keys in re.findall(r"^  ([a-z0-9-]+): \{(.*)\}$", block, re.M)}


COPIED = copied()
ACCESS = '192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1"'
SHOWN = {
    "gunicorn": (ACCESS + ' 503 12 "-" "curl/8" 1250\n' + ACCESS[9:] + r' 200 - "-" "say \"hi\" \o/" 1100658', AT,
                 {"duration": 1101.908, "status": 703, "bytes": 12}),
    "uvicorn": ('2026-11-20T10:00:00.5Z stdout F INFO:     192.0.2.1:51234 - "GET /a HTTP/1.1" 404 Not Found',
                "2026-11-20T10:00:00.500Z", {"status": 404, "remote_port": 51234}),
    "uwsgi": ('[pid: 31569|app: 0|req: 2/2] 192.0.2.1 () {24 vars in 254 bytes} [Fri Nov 20 10:00:00 2026] GET /a?b=c => '
              'generated 6 bytes in 1100 msecs (HTTP/1.1 200) 1 headers in 45 bytes (1 switches on core 0)\n'
              '[pid: 31569|app: 0|req: 3/3] 192.0.2.1 () {24 vars in 254 bytes} [Tue Dec  1 04:57:31 2026] GET /boom => '
              'generated 0 bytes in 0 msecs (HTTP/1.1 500) 0 headers in 0 bytes (0 switches on core 0)', AT,
              {"took": 1100, "status": 700, "bytes": 6}),
    "puma": (ACCESS + " 200 - 0.0013", AT, {"duration": 1.3, "status": 200}),
    "lograge": ("I, [2026-11-20T10:00:00.123456 #7]  INFO -- : method=GET path=/a format=html controller=A action=b "
                "status=200 allocations=512 duration=12.30 view=1.20 db=0.10\n"
                "I, [2026-11-20T10:00:00.223456 #7]  INFO -- : [3f2c-11] [web] method=POST path=/a format=html controller=A "
                "action=b status=302 duration=1.70 location=http://example.com/jobs/1\n"
                "E, [2026-11-20T10:00:00.323456 #7] ERROR -- app: [3f2c-12] method=GET path=/a format=html controller=A action=b "
                "status=500 error='NoMethodError: undefined method 'foo' for nil' duration=6.00 db=0.00\n"
                "[3f2c-13] method=GET path=/a status=200 duration=1.00",
                "2026-11-20T10:00:00.123Z", {"took": 20, "status": 1002}),
    "lograge-json": ('{"method":"GET","path":"/a","status":200,"duration":12.3,"view":1.2,"@timestamp":'
                     '"2026-11-20T10:00:00.123Z","@version":"1","message":"[200] GET /a (A#b)"}',
                     "2026-11-20T10:00:00.123Z", {"took": 12.3, "status": 200}),
    "morgan-dev": ("2026-11-20T10:00:00Z stdout F \x1b[0mGET /a \x1b[32m200\x1b[0m 1.234 ms - 12\x1b[0m\n"
                   "2026-11-20T10:00:00Z stdout F \x1b[0mGET /b \x1b[0m-\x1b[0m - ms - -\x1b[0m", AT,
                   {"took": 1.234, "status": 200, "bytes": 12}),
    "morgan-tiny": ("2026-11-20T10:00:00Z stdout F GET /a 200 12 - 1.234 ms", AT, {"took": 1.234, "bytes": 12}),
    "pino-http": ('{"level":30,"time":1795168800123,"pid":1,"hostname":"h","req":{"id":1,"method":"GET","url":"/"},'
                  '"res":{"statusCode":200,"headers":{}},"responseTime":5,"msg":"request completed"}',
                  "2026-11-20T10:00:00.123Z", {"took": 5, "status": 200}),
    "tomcat-9": (ACCESS + " 200 11230 45", AT, {"took": 45, "bytes": 11230}),
    "tomcat-10": (ACCESS + " 200 11230 45000", AT, {"duration": 45, "bytes": 11230}),
    "jetty": (ACCESS + ' 200 12 "-" "curl/8" 3', AT, {"duration": 3, "status": 200}),
    "spring-boot": ('{"@timestamp":"2026-11-20T10:00:00.123Z","log.level":"INFO","message":"x","ecs.version":"8.11",'
                    '"http":{"response":{"status_code":200}},"event":{"duration":12300000}}',
                    "2026-11-20T10:00:00.123Z", {"took": 12.3, "status": 200}),
    "log4j": ('{"instant":{"epochSecond":1795168800,"nanoOfSecond":123456789},"thread":"main","level":"INFO",'
              '"loggerName":"a","message":"x","contextMap":{"status":"200"},"threadId":1}', AT, {"contextMap.status": 200}),
    "zap": ('{"level":"info","ts":1795168800.123,"caller":"a.go:1","msg":"x","status":200,"elapsed":0.0123}',
            "2026-11-20T10:00:00.123Z", {"took": 12.3, "status": 200}),
    "zerolog": ('{"level":"info","status":200,"duration":12.3,"time":"2026-11-20T11:00:00+01:00","message":"x"}', AT,
                {"took": 12.3, "status": 200}),
    "slog": ('{"time":"2026-11-20T10:00:00.123456789Z","level":"INFO","msg":"x","status":200,"duration":12300000}',
             "2026-11-20T10:00:00.123Z", {"took": 12.3, "status": 200}),
    "varnish": ('192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET http://example.com/a HTTP/1.1" 200 5 "-" "curl/8" hit 1234\n'
                '192.0.2.1 -  [20/Nov/2026:10:00:00 +0000] "GET http://example.com/b HTTP/1.1" 200 6 "-" "curl/8" miss 4671\n'
                '- - - [20/Nov/2026:10:00:00 +0000] "- http://localhost HTTP/1.0" 400 0 "-" "-" - 0',
                AT, {"duration": 5.905, "status": 800}),
    "traefik-json": ('{"ClientHost":"192.0.2.1","DownstreamStatus":200,"Duration":12003000,"StartUTC":'
                     '"2026-11-20T10:00:00.123456789Z","level":"info","msg":"","time":"2026-11-20T10:00:00Z"}',
                     "2026-11-20T10:00:00.123Z", {"took": 12.003, "status": 200}),
    "envoy-json": ('{"start_time":"2026-11-20T10:00:00.123Z","response_code":200,"duration":12,"method":"GET"}',
                   "2026-11-20T10:00:00.123Z", {"took": 12, "status": 200}),
    "kong": ('{"latencies":{"request":515,"kong":58,"proxy":457},"response":{"status":200,"size":"434"},"request":'
             '{"method":"GET"},"started_at":1795168800123,"client_ip":"192.0.2.1"}', "2026-11-20T10:00:00.123Z",
             {"took": 515, "status": 200}),
    "nginx-by-syslog": ("<190>Nov 20 10:00:00 web1 nginx: " + ACCESS + ' 200 12 "-" "curl/8"', AT, {"status": 200}),
    "heroku": ('2026-11-20T10:00:00.123456+00:00 heroku[router]: at=info method=GET path="/" host=example.com '
               'request_id=8601b555 fwd="192.0.2.1" dyno=web.1 connect=1ms service=18ms status=200 bytes=13 protocol=https\n'
               '2026-11-20T10:00:01+00:00 heroku[router]: at=error code=H10 desc="App crashed" method=GET path="/" '
               'host=example.com request_id=8601b556 fwd="192.0.2.1" dyno= connect= service= status=503 bytes=',
               "2026-11-20T10:00:00.123Z", {"service": 18, "status": 703}),
    "s3": ('79a5 example-bucket [20/Nov/2026:10:00:00 +0000] 192.0.2.3 79a5 3E57427F3EXAMPLE REST.GET.VERSIONING - '
           '"GET /example-bucket?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9lz SigV4 ECDHE AuthHeader '
           'example-bucket.s3.us-west-1.amazonaws.com TLSV1.2 - -\n'
           '79a5 example-bucket [20/Nov/2026:10:00:00 +0000] - AmazonS3 3E57427F3EXAMPLE S3.EXPIRE.OBJECT a/b "-" - - - 663 - '
           '- "-" "-" - s9lz - - - - - - -', AT, {"took": 7, "bytes": 113}),
    "google": ('{"httpRequest":{"latency":"0.012003s","requestMethod":"GET","responseSize":"446","status":200},'
               '"severity":"INFO","timestamp":"2026-11-20T10:00:00.123456Z"}', "2026-11-20T10:00:00.123Z",
               {"took": 12.003, "status": 200}),
    "azure": ('{"time":"2026-11-20T10:00:00.0000000Z","category":"FrontDoorAccessLog","properties":{"httpMethod":"GET",'
              '"httpStatusCode":"200","timeTaken":"0.003"}}', AT, {"took": 3, "status": 200}),
    "cloudflare": ('{"ClientIP":"192.0.2.1","EdgeEndTimestamp":"2026-11-20T10:00:01Z","EdgeResponseStatus":200,'
                   '"EdgeStartTimestamp":1795168800123000000,"OriginResponseDurationMs":33}', "2026-11-20T10:00:00.123Z",
                   {"origin": 33, "status": 200}),
    "fastly": (ACCESS + " 200 12 1234", AT, {"duration": 1.234, "status": 200}),
}
equal(sorted(COPIED), sorted(SHOWN), "every_log_of_the_page_has_a_line_here")
for name, (line, first, fields) in SHOWN.items():
    if name == "lograge":  # its last line has tags, and no time
        result = metrics(name, COPIED[name], line, ["took"], [])
        ok(result.status == 2 and "there is no 'wrap.time'" in result.err, "lograge_without_a_time", result.err)
        line = "\n".join(line.split("\n")[:3])
    excerpt(f"page-{name}", COPIED.get(name, ""), line, line.count("\n") + 1, first, fields)
finish()
