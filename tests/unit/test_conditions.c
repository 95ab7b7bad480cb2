/* test_conditions.c - conditions, compiled and evaluated: every operator, held and negated. */
#include "compiler/base/buffer.h"
#include "compiler/model/model.h"
#include "compiled.h"

/* A condition, contexts for which it holds, and contexts for which it does not, separated by
 * `|`. */
struct test_case {
    const char *condition;
    const char *holds;
    const char *fails;
};

/* An empty context between bars leaves every attribute absent. */
static const struct test_case cases[] = {
    {"{}", "|country=NO", NULL},
    {"{country: NO}", "country=NO", "|country=no|country=N|country=NOR"},
    {"{country: {eq: NO}}", "country=NO", "|country=US"},
    {"{country: {ne: NO}}", "|country=US", "country=NO"},
    {"{country: [NO, CA]}", "country=NO|country=CA", "|country=US"},
    {"{country: {in: [US, CA, GB, DE, FR, IT, ES, PT, NL]}}", "country=US|country=NL",
     "|country=NO|country=u"},
    {"{country: {not_in: [US, CA]}}", "|country=NO", "country=US|country=CA"},
    {"{country: {in: [US]}}", "country=US", "|country=CA"},
    {"{name: {eq: AdA, ignore_case: true}}", "name=ada|name=ADA|name=aDa", "|name=adam"},
    {"{name: {in: [Ada, BOB], ignore_case: true}}", "name=aDA|name=bob", "|name=eve"},
    {"{name: {not_in: [Ada, BOB], ignore_case: true}}", "|name=eve", "name=ADA|name=Bob"},
    {"{name: {contains: da}}", "name=ada|name=dad|name=da", "|name=d|name=DA"},
    {"{name: {contains: [x, da]}}", "name=ada|name=x", "|name=a"},
    {"{name: {contains: DA, ignore_case: true}}", "name=ada|name=aDA", "|name=a"},
    {"{name: {not_contains: da}}", "|name=DA", "name=ada"},
    {"{name: {starts_with: ad}}", "name=ad|name=ada", "|name=a|name=bad"},
    {"{name: {starts_with: [x, ad], ignore_case: true}}", "name=ADa|name=Xy", "|name=da"},
    {"{name: {ends_with: da}}", "name=ada|name=da", "|name=a|name=dab"},
    {"{name: {matches: 'd|^a$'}}", "name=ada|name=a", "|name=ab"},
    {"{name: {matches: ['^x', 'y$']}}", "name=xa|name=ay", "|name=yx"},
    {"{name: {matches: '^AD.$', ignore_case: true}}", "name=adä|name=Ada", "|name=ad|name=xada"},
    {"{name: {matches: 'a*'}}", "name=a|name=xyz", ""},
    {"{not: {name: {matches: '^a.a$'}}}", "|name=aa", "name=aüa"},
    {"{name: {glob: 'a?a'}}", "name=ada|name=aüa", "|name=aa|name=adda"},
    {"{name: {glob: 'a*'}}", "name=a|name=ada", "|name=ba"},
    {"{name: {glob: '*a'}}", "name=a|name=ada", "|name=ab"},
    {"{name: {glob: '*d*'}}", "name=d|name=ada", "|name=aa"},
    {"{name: {glob: '*'}}", "name=a|name=xyz", ""},
    {"{name: {glob: 'ada'}}", "name=ada", "|name=adas"},
    {"{name: {glob: 'a*\\*'}}", "name=a*|name=ab*", "|name=ab"},
    {"{name: {glob: '[a-c]*[!0-9]'}}", "name=ax|name=c1x", "|name=dx|name=a1"},
    {"{name: {glob: ['x*', '*y']}}", "name=xa|name=ay", "|name=yx"},
    {"{name: {glob: 'A*', ignore_case: true}}", "name=ab|name=AB", "|name=ba"},
    {"{name: {gt: b}}", "name=ba|name=c|name=ä", "|name=b|name=a|name=B|name=az"},
    {"{name: {gte: b}}", "name=b|name=ba", "|name=a|name=B"},
    {"{name: {lt: b}}", "name=a|name=B|name=az", "|name=b|name=ba"},
    {"{name: {lte: b}}", "name=b|name=a", "|name=ba|name=ä"},
    {"{name: {gte: '10', lt: '9'}}", "name=10|name=5", "|name=9|name=1"},
    {"{name: {gt: B, ignore_case: true}}", "name=C|name=c|name=bA", "|name=b|name=B|name=A"},
    {"{not: {name: {lte: B, ignore_case: true}}}", "|name=C|name=c", "name=b|name=B|name=A"},
    {"{secret: Ada}", "secret=Ada", "|secret=ada|secret=Adam|secret=Ad"},
    {"{secret: [Ada, Bob]}", "secret=Ada|secret=Bob", "|secret=Eve"},
    {"{secret: {ne: Ada}}", "|secret=ada", "secret=Ada"},
    {"{secret: {in: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r]}}", "secret=a|secret=r",
     "|secret=s|secret=A"},
    {"{secret: {not_in: [Ada, Bob]}}", "|secret=Eve", "secret=Ada|secret=Bob"},
    {"{secret: {eq: AdA, ignore_case: true}}", "secret=ada|secret=ADA", "|secret=adam"},
    {"{secret: {in: [Ada, BOB], ignore_case: true}}", "secret=aDA|secret=bob", "|secret=eve"},
    {"{secret: {present: true}}", "secret=x", ""},
    {"{number: 18}", "number=18|number=18.0", "|number=19|number=18.5|number=-18"},
    {"{number: {in: [-0, 9007199254740992]}}", "number=0|number=9007199254740992", "|number=1"},
    {"{number: {not_in: [1, 2]}}", "|number=3", "number=1|number=2"},
    {"{secrets: {has: a}}", "secrets=a|secrets=b,a", "|secrets=b|secrets=A"},
    {"{secrets: {has_any: [a, b]}}", "secrets=x,b", "|secrets=x"},
    {"{secrets: {has_all: [a, b]}}", "secrets=b,x,a", "|secrets=a|secrets=a,x"},
    {"{secrets: {has_none: [a, b]}}", "|secrets=x", "secrets=x,b"},
    {"{secrets: {has_all: [A, b], ignore_case: true}}", "secrets=B,a", "|secrets=a"},
    {"{secrets: {any: {not_in: [a, b]}}}", "secrets=a,x", "|secrets=a,b"},
    {"{secrets: {all: {in: [a, b]}, size: {gte: 2}}}", "secrets=a,b|secrets=b,b",
     "|secrets=a|secrets=a,x"},
    {"{secrets: {none: {eq: a}}}", "secrets=x", "|secrets=x,a"},
    {"{age: 18}", "age=18|age=18.0", "|age=19|age=-18"},
    {"{age: {eq: 18}}", "age=18", "|age=19"},
    {"{age: {ne: 18}}", "|age=19", "age=18"},
    {"{age: [1, 2, 3.5]}", "age=1|age=3.5", "|age=3"},
    {"{age: {in: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,22,30]}}",
     "age=1|age=2|age=9|age=10|age=19|age=20|age=22|age=30", "|age=0|age=21|age=31|age=9.5"},
    {"{age: {not_in: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,22,30]}}",
     "|age=0|age=21|age=31|age=9.5", "age=1|age=2|age=9|age=10|age=19|age=20|age=22|age=30"},
    {"{age: {gt: 18}}", "age=18.5", "|age=18|age=17"},
    {"{age: {gte: 18}}", "age=18|age=19", "|age=17.9"},
    {"{age: {lt: 18}}", "age=17.9|age=-1", "|age=18"},
    {"{age: {lte: 18}}", "age=18", "|age=18.1"},
    {"{age: {gte: 18, lt: 65}}", "age=18|age=64", "|age=17|age=65"},
    {"{age: {mod: {by: 10, in: [0, 1]}}}", "age=0|age=10|age=21|age=-9|age=-10",
     "|age=2|age=9|age=-1|age=0.5|age=9007199254740993e3"},
    {"{age: {mod: {by: 2, in: 1}}}", "age=1|age=-1", "|age=0|age=2|age=1.5"},
    {"{not: {age: {mod: {by: 2, in: [0, 1]}}}}", "|age=1.5|age=1e300", "age=1|age=2"},
    {"{age: {mod: {by: 100, in: [99, 7, 8, 50, 9]}}}", "age=7|age=8|age=109|age=-1|age=50",
     "|age=6|age=10|age=49"},
    {"{age: {mod: {by: 1, in: [0]}}}", "age=7|age=-7", "|age=0.1"},
    {"{age: {mod: {by: 9007199254740992, in: [5]}}}", "age=5|age=-9007199254740987", "|age=6"},
    {"{age: 0}", "age=0|age=-0", "|age=1"},
    {"{age: -0}", "age=0|age=-0", "|age=1"},
    {"{beta: true}", "beta=true", "|beta=false"},
    {"{beta: {eq: true}}", "beta=true", "|beta=false"},
    {"{beta: {ne: true}}", "|beta=false", "beta=true"},
    {"{beta: false}", "beta=false", "|beta=true"},
    {"{app_version: 1.2.0}", "app_version=1.2.0|app_version=v1.2|app_version=1.2.0+build",
     "|app_version=1.2.1|app_version=1.2.0-rc"},
    {"{app_version: {eq: 1.2.0}}", "app_version=1.2", "|app_version=1.3"},
    {"{app_version: {not_in: [1.2.0, '2']}}", "|app_version=1", "app_version=1.2|app_version=2"},
    {"{app_version: {ne: 1.2.0}}", "|app_version=1.2.1", "app_version=1.2"},
    {"{app_version: {in: [1.2.0, '2']}}", "app_version=1.2|app_version=2.0.0", "|app_version=1"},
    {"{app_version: {gt: 1.2.0}}", "app_version=1.10|app_version=2", "|app_version=1.2.0-rc.1"},
    {"{app_version: {gte: 1.2.0}}", "app_version=1.2", "|app_version=1.2.0-rc.1"},
    {"{app_version: {lt: 1.2.0}}", "app_version=1.2.0-rc.1|app_version=1.1.9", "|app_version=1.2"},
    {"{app_version: {lte: 1.2.0-rc.2}}", "app_version=1.2.0-rc.1|app_version=1.2.0-rc.2",
     "|app_version=1.2.0-rc.10"},
    {"{os_version: 10.15}", "os_version=10.15|os_version=v10.15.0.0",
     "|os_version=10.15.0.1|os_version=ten"},
    {"{os_version: {ne: 10.15.7.1}}", "|os_version=10.15.7|os_version=ten",
     "os_version=10.15.7.1|os_version=10.15.07.1.0"},
    {"{os_version: {in: [1.2.3.4, 1.2b3]}}", "os_version=1.2.3.4|os_version=1.2.0-b.3",
     "|os_version=1.2.3|os_version=1.2b4"},
    {"{os_version: {gt: 1.2.3}}", "os_version=1.2.3.1|os_version=1.3b1", "|os_version=1.2.3rc1"},
    {"{os_version: {gte: 1.2rc2, lt: '1.2'}}", "os_version=1.2rc2|os_version=1.2rc10",
     "|os_version=1.2rc1|os_version=1.2"},
    {"{os_version: {lte: 2026.11}}", "os_version=2026.11.0|os_version=2026.2.28.1",
     "|os_version=2026.11.0.1"},
    {"{os_version: {present: true}}", "os_version=1.2.3.4|os_version=7",
     "|os_version=latest|os_version=1."},
    {"{signup_at: {after: 2026-01-01T00:00:00Z}}", "signup_at=2026-01-01T00:00:00.001Z",
     "|signup_at=2026-01-01T00:00:00Z"},
    {"{signup_at: {before: 2026-01-01T00:00:00Z}}", "signup_at=2025-12-31T23:59:59Z",
     "|signup_at=2026-01-01T00:00:00Z|signup_at=2026-01-01T01:00:00+01:00"},
    {"{signup_at: {gt: 2026-01-01T00:00:00Z}}", "signup_at=2026-01-01T00:00:00.001Z",
     "|signup_at=2026-01-01T00:00:00Z"},
    {"{signup_at: {lt: 2026-01-01T00:00:00Z}}", "signup_at=2025-12-31T23:59:59.999Z",
     "|signup_at=2026-01-01T00:00:00Z"},
    {"{signup_at: {not_in: [2026-01-01T00:00:00Z, 2027-01-01T00:00:00Z]}}",
     "|signup_at=2028-01-01T00:00:00Z", "signup_at=2027-01-01T00:00:00Z"},
    {"{signup_at: {gte: 2026-01-01T00:00:00Z, lte: 2026-01-02T00:00:00Z}}",
     "signup_at=2026-01-01T00:00:00Z|signup_at=2026-01-02T00:00:00Z",
     "|signup_at=2026-01-02T00:00:00.001Z"},
    {"{signup_at: {eq: 2026-01-01T00:00:00Z}}", "signup_at=2026-01-01T02:00:00+02:00",
     "|signup_at=2026-01-01T00:00:01Z"},
    {"{signup_at: {ne: 2026-01-01T00:00:00Z}}", "|signup_at=2026-01-01T00:00:01Z",
     "signup_at=2026-01-01T00:00:00Z"},
    {"{signup_at: {in: [2026-01-01T00:00:00Z, 2027-01-01T00:00:00Z]}}",
     "signup_at=2027-01-01T00:00:00Z", "|signup_at=2028-01-01T00:00:00Z"},
    {"{signup_at: {within: 7d}}",
     "signup_at=2026-01-01T00:00:00Z now=2026-01-08T00:00:00Z|"
     "signup_at=2026-01-08T00:00:00Z now=2026-01-08T00:00:00Z",
     "now=2026-01-08T00:00:00Z|signup_at=2026-01-01T00:00:00Z now=2026-01-08T00:00:00.001Z|"
     "signup_at=2026-01-08T00:00:00.001Z now=2026-01-08T00:00:00Z"},
    {"{signup_at: {older_than: 30d}}",
     "signup_at=2026-01-01T00:00:00Z now=2026-01-31T00:00:00.001Z",
     "now=2026-01-31T00:00:00.001Z|signup_at=2026-01-01T00:00:00Z now=2026-01-31T00:00:00Z|"
     "signup_at=2026-02-01T00:00:00Z now=2026-01-31T00:00:00Z"},
    {"{signup_at: {within: 30d, older_than: 7d, after: 2026-01-01T00:00:00Z}}",
     "signup_at=2026-01-02T00:00:00Z now=2026-01-10T00:00:00Z",
     "signup_at=2026-01-02T00:00:00Z now=2026-01-09T00:00:00Z|"
     "signup_at=2026-01-01T00:00:00Z now=2026-01-10T00:00:00Z"},
    {"{groups: {has: a}}", "groups=a|groups=b,a", "|groups=b|groups=aa"},
    {"{groups: {has_any: [a, b]}}", "groups=a|groups=c,b", "|groups=c"},
    {"{groups: {has_all: [a, b]}}", "groups=b,a|groups=a,b,c", "|groups=a|groups=b"},
    {"{groups: {has_none: [a, b]}}", "|groups=c", "groups=a|groups=c,b"},
    {"{groups: {has_any: [a, b], has_none: [c]}}", "groups=a", "|groups=a,c|groups=d"},
    {"{groups: {has: A, ignore_case: true}}", "groups=a|groups=b,A", "|groups=b|groups=aa"},
    {"{groups: {has_any: [A, B], ignore_case: true}}", "groups=a|groups=c,b", "|groups=c"},
    {"{groups: {has_all: [A, B], ignore_case: true}}", "groups=b,A", "|groups=a|groups=b"},
    {"{groups: {has_none: [A, B], ignore_case: true}}", "|groups=c", "groups=a|groups=c,B"},
    {"{groups: {any: {starts_with: eu-}}}", "groups=eu-1|groups=us,eu-2", "|groups=us|groups=eu"},
    {"{groups: {any: {starts_with: eu-, ends_with: x}}}", "groups=a,eu-x",
     "|groups=eu-1,x|groups=eu-1"},
    {"{groups: {any: {starts_with: EU-}, ignore_case: true}}", "groups=eu-1|groups=Eu-1",
     "|groups=u"},
    {"{groups: {any: {eq: a, ignore_case: true}, has: A}}", "groups=A|groups=A,a", "|groups=a"},
    {"{groups: {any: {in: [a, b, c]}}}", "groups=x,c|groups=a", "|groups=x|groups=A"},
    {"{groups: {any: {not_in: [a, b]}}}", "groups=a,x", "|groups=a|groups=b,a"},
    {"{groups: {any: {matches: '^a.c$'}}}", "groups=x,abc", "|groups=abcd|groups=x"},
    {"{groups: {any: {glob: 'a*c'}}}", "groups=x,abbc", "|groups=ab"},
    {"{groups: {any: {glob: '*'}}}", "groups=x", "|age=1"},
    {"{groups: {any: {gte: b, lt: c}}}", "groups=a,bb,d", "|groups=a,d"},
    {"{groups: {any: {in_file: listed.txt}}}", "groups=x,Bob", "|groups=bob"},
    {"{groups: {any: {ne: a}}}", "groups=a,b", "|groups=a"},
    {"{groups: {all: {starts_with: t}}}", "groups=t1|groups=t1,t2", "|groups=t1,a"},
    {"{groups: {all: {in: [A, B], ignore_case: true}}}", "groups=a,B", "|groups=a,c"},
    {"{groups: {all: {glob: '*'}}}", "groups=x", "|age=1"},
    {"{groups: {none: {starts_with: t}}}", "groups=a", "|groups=t1,a|groups=t"},
    {"{groups: {none: {in: [a, b]}}}", "groups=c", "|groups=c,a"},
    {"{not: {groups: {any: {eq: a}}}}", "|groups=b", "groups=a"},
    {"{not: {groups: {all: {eq: a}}}}", "|groups=b,a", "groups=a"},
    {"{not: {groups: {none: {eq: a}}}}", "|groups=b,a", "groups=b"},
    {"{groups: {size: 2}}", "groups=a,b|groups=a,a", "|groups=a|groups=a,b,c"},
    {"{groups: {size: {gte: 2, ne: 3}}}", "groups=a,b|groups=a,b,c,d", "|groups=a|groups=a,b,c"},
    {"{groups: {size: [1, 3]}}", "groups=a|groups=a,b,c", "|groups=a,b"},
    {"{groups: {size: {mod: {by: 2, in: [0]}}}}", "groups=a,b", "|groups=a|groups=a,b,c"},
    {"{not: {groups: {size: {gt: 1}}}}", "|groups=a", "groups=a,b"},
    {"{groups: {any: {starts_with: a}, none: {ends_with: z}, size: {lt: 3}}}", "groups=a,b",
     "|groups=az,a|groups=a,b,c|groups=b"},
    {"{client_ip: {in: [10.0.0.0/8, 192.168.1.1]}}",
     "client_ip=10.0.0.0|client_ip=10.255.255.255|client_ip=192.168.1.1|client_ip=::ffff:10.1.2.3",
     "|client_ip=9.255.255.255|client_ip=11.0.0.0|client_ip=192.168.1.2|client_ip=::a00:1"},
    {"{client_ip: {not_in: [10.0.0.0/8]}}", "|client_ip=11.0.0.1", "client_ip=10.0.0.1"},
    {"{client_ip: {in: [2001:db8::/32, 10.0.0.0/9, 10.128.0.0/9, 10.0.0.0/8]}}",
     "client_ip=2001:db8::1|client_ip=10.127.255.255|client_ip=10.128.0.0",
     "|client_ip=2001:db9::|client_ip=2001:db7:ffff::"},
    {"{client_ip: {in: ['::/0']}}", "client_ip=::|client_ip=255.255.255.255|client_ip=ffff::", ""},
    {"{name: {in_file: listed.txt}}", "name=ada|name=Bob|name=zoë", "|name=bob|name=people"},
    {"{name: {not_in_file: listed.txt}}", "|name=bob", "name=ada|name=Bob"},
    {"{name: {in_file: listed.txt, ignore_case: true}}", "name=ADA|name=bOB", "|name=ad"},
    {"{country: {present: true}}", "country=x", "|age=1"},
    {"{country: {present: false}}", "|age=1", "country=x"},
    {"{groups: {present: true}}", "groups=a", ""},
    {"{age: {present: true}}", "age=0", ""},
    {"{beta: {present: false}}", "", "beta=true|beta=false"},
    {"{app_version: {present: true}}", "app_version=1", ""},
    {"{signup_at: {present: true}}", "signup_at=2026-01-01T00:00:00Z", ""},
    {"{client_ip: {present: true}}", "client_ip=::", ""},
    {"{country: NO, age: {gte: 18}}", "country=NO age=18", "|country=NO|age=18|country=NO age=1"},
    {"{any: [{country: NO}, {age: {gte: 18}}]}", "country=NO|age=18|country=NO age=1",
     "|country=US age=1"},
    {"{country: {is_null: true}}", "country=~null", "|country=NO"},
    {"{country: {is_null: false}}", "|country=NO", "country=~null"},
    {"{age: {is_null: true}}", "age=~null", "|age=1"},
    {"{age: {is_null: false}}", "|age=1", "age=~null"},
    {"{beta: {is_null: true}}", "beta=~null", "|beta=true"},
    {"{beta: {is_null: false}}", "|beta=true", "beta=~null"},
    {"{app_version: {is_null: true}}", "app_version=~null", "|app_version=1.0.0"},
    {"{app_version: {is_null: false}}", "|app_version=1.0.0", "app_version=~null"},
    {"{signup_at: {is_null: true}}", "signup_at=~null", "|signup_at=2026-01-01T00:00:00Z"},
    {"{signup_at: {is_null: false}}", "|signup_at=2026-01-01T00:00:00Z", "signup_at=~null"},
    {"{groups: {is_null: true}}", "groups=~null", "|groups=a"},
    {"{groups: {is_null: false}}", "|groups=a", "groups=~null"},
    {"{client_ip: {is_null: true}}", "client_ip=~null", "|client_ip=10.0.0.1"},
    {"{client_ip: {is_null: false}}", "|client_ip=10.0.0.1", "client_ip=~null"},
    {"{country: {present: false}}", "|country=~null", "country=NO"},
    {"{country: {present: false, is_null: false}}", "|age=1", "country=~null|country=NO"},
    {"{country: {ne: NO}}", "country=~null|country=US", "country=NO"},
    {"{country: {eq: {attribute: city}}}", "country=a city=a", "country=~null city=~null"},
    {"{country: {eq: {attribute: city}}}", "country=a city=a",
     "|country=a|city=a|country=a city=A"},
    {"{country: {eq: {attribute: city}, ignore_case: true}}", "country=aB city=Ab",
     "|country=a|country=a city=b"},
    {"{country: {ne: {attribute: city}}}", "|country=a|city=a|country=a city=b",
     "country=a city=a"},
    {"{country: {lt: {attribute: city}}}", "country=a city=b|country=B city=a",
     "|country=b city=a|country=a city=a|country=a|city=a"},
    {"{city: {lt: {attribute: country}}}", "country=b city=a", "|country=a city=b|city=a"},
    {"{age: {gte: {attribute: limit}}}", "age=2 limit=2|age=10 limit=9", "|age=1 limit=2|age=1"},
    {"{limit: {gte: {attribute: age}}}", "age=2 limit=2|age=9 limit=10", "|age=3 limit=2|age=1"},
    {"{b0: {eq: {attribute: b1}}}", "b0=true b1=true|b0=false b1=false",
     "|b0=true b1=false|b0=true"},
    {"{signup_at: {before: {attribute: ends_at}}}",
     "signup_at=2026-01-01T00:00:00Z ends_at=2026-01-02T00:00:00Z",
     "|signup_at=2026-01-01T00:00:00Z|signup_at=2026-01-01T00:00:00Z ends_at=2026-01-01T00:00:00Z"},
    {"{app_version: {gt: {attribute: least_version}}}", "app_version=1.10.0 least_version=1.9.0",
     "|app_version=1.9.0 least_version=1.10.0|app_version=1.0.0"},
    {"{os_version: {lte: {attribute: least_os}}}", "os_version=10.2 least_os=10.2.0.0",
     "|os_version=10.2.0.1 least_os=10.2|os_version=10.2"},
    {"{groups: {any: {eq: {attribute: city}}}}", "groups=a,b city=b",
     "|groups=a,b|groups=a city=b"},
    {"{groups: {all: {ne: {attribute: city}, starts_with: a}}}", "groups=ab,ac city=a|groups=a",
     "|groups=a,ab city=a|groups=b city=a"},
    {"{groups: {none: {gt: {attribute: city}}}}", "groups=a,b city=b|groups=a,z",
     "|groups=a,c city=b"},
    {"{groups: {size: {gte: {attribute: limit}}}}", "groups=a,b limit=2",
     "|groups=a,b limit=3|groups=a"},
    {"{all: [{country: NO}, {age: {gte: 18}}]}", "country=NO age=18", "|country=NO|age=18"},
    {"{not: {country: NO, age: 1}}", "|country=NO|age=1|country=NO age=2", "country=NO age=1"},
    {"{segment: adults}", "age=18", "|age=1"},
    {"{segment: [adults, nordic]}", "age=18|country=SE", "|age=1 country=US"},
    {"{segment: nordic-adults}", "age=18 country=SE", "|age=18|country=SE"},
    {"{not: {segment: [adults, nordic]}}", "|age=1", "age=18|country=NO"},
    {"{flag: {other: on}}", "beta=true", "|beta=false"},
    {"{flag: {other: off}}", "|beta=false", "beta=true"},
    {"{flag: {other: [on, off]}}", "|beta=true", NULL},
    {"{not: {flag: {other: on}}, country: NO}", "country=NO", "|country=NO beta=true"},
    {"{flag: {constant: off}}", "|country=NO", NULL},
    {"{flag: {constant: on}}", NULL, "|country=NO"},
    {"{now: {before: 2026-01-01T00:00:00Z}}", "now=2025-12-31T23:59:59.999Z",
     "now=2026-01-01T00:00:00Z|now=2026-01-01T00:00:00.001Z"},
    {"{now: {after: 2026-01-01T01:00:00+01:00}}", "now=2026-01-01T00:00:00.001Z",
     "now=2026-01-01T00:00:00Z|now=2025-12-31T23:59:59.999Z"},
    {"{now: {weekday: [sat, sun]}}",
     "now=2026-01-03T00:00:00Z|now=2026-01-04T23:59:59.999Z|now=1969-12-27T00:00:00Z",
     "now=2026-01-02T23:59:59.999Z|now=2026-01-05T00:00:00Z|now=1969-12-26T23:59:59.999Z"},
    {"{now: {weekday: mon, offset: '+05:30'}}",
     "now=2026-01-04T18:30:00Z|now=2026-01-05T18:29:59.999Z",
     "now=2026-01-04T18:29:59.999Z|now=2026-01-05T18:30:00Z"},
    {"{now: {between: ['09:00', '17:00'], offset: '-03:00'}}",
     "now=2026-01-01T12:00:00Z|now=2026-01-01T19:59:59.999Z",
     "now=2026-01-01T11:59:59.999Z|now=2026-01-01T20:00:00Z"},
    {"{now: {between: ['22:00', '02:00']}}",
     "now=2026-01-01T22:00:00Z|now=2026-01-01T00:00:00Z|now=2026-01-01T01:59:59.999Z",
     "now=2026-01-01T02:00:00Z|now=2026-01-01T21:59:59.999Z"},
    {"{now: {between: ['22:00', '00:00']}}", "now=2026-01-01T23:59:59.999Z",
     "now=2026-01-01T00:00:00Z|now=2026-01-01T21:59:59.999Z"},
    {"{now: {between: ['22:00', '24:00'], weekday: thu}}", "now=2026-01-01T22:00:00Z",
     "now=2026-01-02T00:00:00Z|now=2026-01-02T22:00:00Z"},
    /* From 02:00 the clocks go forward to 03:00, and from 03:00 back to 02:00. */
    {"{now: {between: ['02:00', '03:00'], zone: Europe/Oslo}}",
     "now=2026-03-28T01:00:00Z|now=2026-03-30T00:00:00Z|now=2026-10-25T00:00:00Z|"
     "now=2026-10-25T01:59:59.999Z|now=2099-07-01T00:30:00Z",
     "now=2026-03-29T00:59:59.999Z|now=2026-03-29T01:00:00Z|now=2026-10-25T02:00:00Z|"
     "now=2026-10-24T23:59:59.999Z"},
    {"{now: {after: 2026-01-01T00:00:00Z, before: 2026-01-01T00:00:00.002Z}, country: NO}",
     "now=2026-01-01T00:00:00.001Z country=NO",
     "now=2026-01-01T00:00:00.001Z|now=2026-01-01T00:00:00Z "
     "country=NO|now=2026-01-01T00:00:00.002Z "
     "country=NO"},
};
#define CASES (sizeof cases / sizeof *cases)

static const char supporting[] =
    "segments:\n"
    "  adults: {if: {age: {gte: 18}}}\n"
    "  nordic: {if: {country: [NO, SE, DK, FI, IS]}}\n"
    "  nordic-adults: {if: {segment: adults, any: [{segment: nordic}]}}\n"
    "flags:\n"
    "  other: {rules: [{if: {beta: true}}]}\n"
    "  constant: {}\n";

static void expect_all(struct compiled *compiled, const char *prefix, size_t index,
                       const char *contexts, const char *expected)
{
    char flag[32];
    snprintf(flag, sizeof flag, "%s-%zu", prefix, index);
    while (contexts) {
        const char *bar = strchr(contexts, '|');
        char words[256];
        snprintf(words, sizeof words, "%.*s", bar ? (int)(bar - contexts) : 255, contexts);
        const char *got = evaluated(compiled, flag, words);
        if (strncmp(got, expected, strlen(expected)) != 0)
            fail_msg("%s %s for '%s': got %s, expected %s", prefix, cases[index].condition, words,
                     got, expected);
        contexts = bar ? bar + 1 : NULL;
    }
}

/* Whether a case tests the attribute with the operator: `{ATTRIBUTE: {…OPERATOR: …` */
static bool asks(const char *condition, const char *attribute, const char *operator)
{
    char begin[64], first[64], later[64];
    snprintf(begin, sizeof begin, "{%s: ", attribute);
    snprintf(first, sizeof first, "{%s: ", operator);
    snprintf(later, sizeof later, ", %s: ", operator);
    if (strncmp(condition, begin, strlen(begin)) != 0)
        return false;
    const char *test = condition + strlen(begin);
    return strncmp(test, first, strlen(first)) == 0 || strstr(test, later);
}

static bool is_tested(const struct project *project, const struct operator_info *operator,
                      unsigned type)
{
    for (uint32_t i = 0; i < project->attribute_count; i++)
        for (size_t j = 0; j < CASES && project->attributes[i]->type == type; j++)
            if (asks(cases[j].condition, project->attributes[i]->name.text, operator->name))
                return true;
    return false;
}

/* Each operator, with each type that it takes. */
static void no_operator_lacks_its_case(const struct project *project)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++)
        for (unsigned type = 1; attribute_type_words[type]; type++)
            if (operators[i].types & TYPE_BIT(type) && !is_tested(project, &operators[i], type))
                fail_msg("no case here tests '%s' of an attribute of type %s", operators[i].name,
                         attribute_type_words[type]);
}

static void every_operator_holds_and_negates(void **state)
{
    (void)state;
    write_definition("listed.txt", "# people\nada\n\nBob\n  \nzoë\n");
    struct buffer text = {0};
    buffer_append_text(&text, supporting);
    for (size_t i = 0; i < CASES; i++) {
        buffer_format(&text, "  plain-%zu: {rules: [{if: %s}]}\n", i, cases[i].condition);
        buffer_format(&text, "  negated-%zu: {rules: [{if: {not: %s}}]}\n", i, cases[i].condition);
        buffer_format(&text, "  twice-%zu: {rules: [{if: {not: {not: %s}}}]}\n", i,
                      cases[i].condition);
    }
    struct compiled compiled = compile(text.bytes);
    no_operator_lacks_its_case(compiled.project);
    for (size_t i = 0; i < CASES; i++) {
        expect_all(&compiled, "plain", i, cases[i].holds, "on TARGETING_MATCH rules[0]");
        expect_all(&compiled, "plain", i, cases[i].fails, "off DEFAULT -");
        expect_all(&compiled, "negated", i, cases[i].holds, "off DEFAULT -");
        expect_all(&compiled, "negated", i, cases[i].fails, "on TARGETING_MATCH rules[0]");
        expect_all(&compiled, "twice", i, cases[i].holds, "on TARGETING_MATCH rules[0]");
        expect_all(&compiled, "twice", i, cases[i].fails, "off DEFAULT -");
    }
    release(&compiled);
    buffer_release(&text);
}

static void list_files_are_sets(void **state)
{
    (void)state;
    write_definition("beta.txt", "# people\nada\n\nBob\n  \nzoë\n");
    write_definition("none.txt", "# nobody yet\n");
    struct compiled compiled =
        compile("flags:\n"
                "  in: {rules: [{if: {name: {in_file: beta.txt}}}]}\n"
                "  out: {rules: [{if: {name: {not_in_file: beta.txt}}}]}\n"
                "  folded: {rules: [{if: {name: {in_file: beta.txt, ignore_case: true}}}]}\n"
                "  country: {rules: [{if: {country: {in_file: beta.txt}}}]}\n"
                "  empty: {rules: [{if: {name: {in_file: none.txt}}}]}\n"
                "  users: {users: {on: {file: beta.txt}}}\n");
    EXPECT(&compiled, "in", "name=ada", "on TARGETING_MATCH rules[0]");
    EXPECT(&compiled, "in", "name=zoë", "on TARGETING_MATCH rules[0]");
    EXPECT(&compiled, "in", "name=bob", "off DEFAULT -");
    EXPECT(&compiled, "in", "", "off DEFAULT -");
    EXPECT(&compiled, "out", "name=ada", "off DEFAULT -");
    EXPECT(&compiled, "out", "", "on TARGETING_MATCH rules[0]");
    EXPECT(&compiled, "folded", "name=bOB", "on TARGETING_MATCH rules[0]");
    EXPECT(&compiled, "country", "country=ada", "on TARGETING_MATCH rules[0]");
    EXPECT(&compiled, "country", "name=ada", "off DEFAULT -");
    EXPECT(&compiled, "empty", "name=ada", "off DEFAULT -");
    EXPECT(&compiled, "users", "user_id=Bob", "on TARGETING_MATCH users");
    EXPECT(&compiled, "users", "user_id=bob", "off DEFAULT -");
    release(&compiled);
}

/* ------------------------------------------------------------------------- random conditions -- */

static uint64_t random_state;

static uint32_t pick(uint32_t count)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % count);
}

/* Writes a condition on b0 to b3, and returns for which of the 81 contexts it holds: each of the
 * four attributes true, false or absent. */
struct truth {
    bool holds[81];
};

static struct truth write_random(struct buffer *text, int depth)
{
    struct truth truth;
    uint32_t kind = depth ? pick(6) : 5;
    if (kind == 5) {
        static const uint32_t power[] = {1, 3, 9, 27};
        uint32_t attribute = pick(4), form = pick(3);
        static const char *const forms[] = {"true", "{ne: true}", "{present: true}"};
        buffer_format(text, "{b%u: %s}", attribute, forms[form]);
        for (uint32_t i = 0; i < 81; i++) {
            uint32_t value = i / power[attribute] % 3; /* absent, false, true */
            truth.holds[i] = form == 0 ? value == 2 : form == 1 ? value != 2 : value != 0;
        }
        return truth;
    }
    if (kind == 4) {
        buffer_append_text(text, "{not: ");
        truth = write_random(text, depth - 1);
        for (uint32_t i = 0; i < 81; i++)
            truth.holds[i] = !truth.holds[i];
        buffer_append_text(text, "}");
        return truth;
    }
    bool all = kind < 2;
    uint32_t children = 1 + pick(3);
    memset(truth.holds, all, sizeof truth.holds);
    buffer_append_text(text, all ? "{all: [" : "{any: [");
    for (uint32_t c = 0; c < children; c++) {
        if (c)
            buffer_append_text(text, ", ");
        struct truth child = write_random(text, depth - 1);
        for (uint32_t i = 0; i < 81; i++)
            truth.holds[i] =
                all ? truth.holds[i] && child.holds[i] : truth.holds[i] || child.holds[i];
    }
    buffer_append_text(text, "]}");
    return truth;
}

static void random_nests_of_all_any_and_not_hold_where_they_should(void **state)
{
    (void)state;
    enum { FLAGS = 300 };
    static struct truth truths[FLAGS];
    const char *seed = getenv("SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : 20261120;
    print_message("SEED=%llu\n", (unsigned long long)random_state);
    struct buffer text = {0};
    buffer_append_text(&text, "flags:\n");
    for (int i = 0; i < FLAGS; i++) {
        buffer_format(&text, "  f%d: {rules: [{if: ", i);
        truths[i] = write_random(&text, 5);
        buffer_append_text(&text, "}]}\n");
    }
    struct compiled compiled = compile(text.bytes);
    for (int i = 0; i < FLAGS; i++)
        for (uint32_t c = 0; c < 81; c++) {
            static const char *const words[4][3] = {{"", " b0=false", " b0=true"},
                                                    {"", " b1=false", " b1=true"},
                                                    {"", " b2=false", " b2=true"},
                                                    {"", " b3=false", " b3=true"}};
            char context[64], flag[16];
            snprintf(context, sizeof context, "%s%s%s%s", words[0][c % 3], words[1][c / 3 % 3],
                     words[2][c / 9 % 3], words[3][c / 27]);
            snprintf(flag, sizeof flag, "f%d", i);
            EXPECT(&compiled, flag, context,
                   truths[i].holds[c] ? "on TARGETING_MATCH rules[0]" : "off DEFAULT -");
        }
    release(&compiled);
    buffer_release(&text);
}

/* Large enough for a filter before the slots, which only the largest lists get. */
static void a_large_list_holds_whom_it_names_and_nobody_else(void **state)
{
    (void)state;
    const unsigned count = 70000;
    struct buffer users = {0};
    for (unsigned i = 0; i < count; i++)
        buffer_format(&users, "%u\n", 7 * i);
    buffer_append(&users, "", 1);
    write_definition("users.txt", users.bytes);
    struct compiled c =
        compile("flags:\n"
                "  listed: {rules: [{if: {name: {in_file: users.txt}}, serve: on}]}\n");
    fflag_id listed = fflag_flag(c.store, "listed");
    fflag_attr name = fflag_attribute(c.store, "name");
    for (unsigned i = 0; i < 7 * count; i += i % 7 == 1 ? 6 : 1) {
        char key[16];
        fflag_context context;
        fflag_context_init(&context);
        fflag_set_string(&context, name, key, (size_t)snprintf(key, sizeof key, "%u", i));
        assert_int_equal(fflag_bool(c.view, listed, &context, i % 7 != 0), i % 7 == 0);
    }
    release(&c);
    buffer_release(&users);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator_holds_and_negates),
        cmocka_unit_test(list_files_are_sets),
        cmocka_unit_test(a_large_list_holds_whom_it_names_and_nobody_else),
        cmocka_unit_test(random_nests_of_all_any_and_not_hold_where_they_should),
    };
    return cmocka_run_group_tests(tests, compiled_set_up, compiled_tear_down);
}
