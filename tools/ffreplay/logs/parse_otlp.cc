/*
 * parse_otlp.cc - OTLP's JSON for logs: resourceLogs[].scopeLogs[].logRecords[], with simdjson's
 * DOM.
 *
 * An object's members come in any order, and a record inherits what it lacks from its scope and
 * resource, so the whole request is read before its first record is. Unknown members are skipped,
 * as the protocol requires. Requests with traces or metrics have no log records.
 */
#include "line_parser.h"

#include <charconv>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "simdjson.h"

using namespace simdjson;

namespace
{

struct renamed {
    std::string_view now, before;
};
constexpr renamed RENAMED[] = {
    {"feature_flag.result.variant", "feature_flag.variant"},
    {"feature_flag.result.reason", "feature_flag.evaluation.reason"},
    {"feature_flag.result.reason", "feature_flag.reason"},
    {"feature_flag.provider.name", "feature_flag.provider_name"},
    {"feature_flag.error.message", "feature_flag.evaluation.error.message"},
};

constexpr const char *OWN_MEMBERS[] = {"timeUnixNano", "observedTimeUnixNano",
                                       "severityText", "severityNumber",
                                       "eventName",    "traceId",
                                       "spanId"};

struct otlp : line_parser {
    std::vector<std::string> paths;
    dom::parser json;
    /* The request, and how many of its records have been returned. */
    struct placed {
        dom::element record;
        simdjson_result<dom::element> scope, resource; /* which may be missing */
    };
    std::vector<placed> records;
    size_t next_record = 0;
    /* For this record: numbers as text, and the texts of lists. A deque never moves its
     * elements. */
    std::deque<std::string> texts;
    std::deque<std::vector<const char *>> lists;
};

void set_text(value &to, value_kind kind, std::string_view text)
{
    to.kind = kind;
    to.text = text.data();
    to.length = uint32_t(text.size());
}

template <typename number> void set_number(otlp &self, value &to, number from)
{
    char text[32];
    auto end = std::to_chars(text, text + sizeof text, from).ptr;
    self.texts.emplace_back(text, end);
    set_text(to, VALUE_NUMBER, self.texts.back());
}

/* A number, or a text that may spell one. */
void take_plain(otlp &self, dom::element from, value_kind kind_of_text, value &to)
{
    std::string_view text;
    int64_t integer;
    uint64_t large;
    double fraction;
    if (!from.get(text))
        set_text(to, kind_of_text, text);
    else if (!from.get(integer))
        set_number(self, to, integer);
    else if (!from.get(large))
        set_number(self, to, large);
    else if (!from.get(fraction))
        set_number(self, to, fraction);
    else
        to.kind = from.is_null() ? VALUE_ABSENT : VALUE_OTHER;
}

/* False: not all of them are texts. */
bool take_texts(otlp &self, dom::array items, std::vector<const char *> &list)
{
    for (dom::element item : items) {
        std::string_view text;
        if (item["stringValue"].get(text))
            return false;
        self.texts.emplace_back(text);
        list.push_back(self.texts.back().c_str());
    }
    return true;
}

void take_list(otlp &self, dom::element from, value &to)
{
    to.kind = VALUE_OTHER;
    dom::array items;
    std::vector<const char *> list;
    error_code error = from["values"].get(items);
    if (error && error != NO_SUCH_FIELD) /* which is how an empty one is written */
        return;
    if (!error && !take_texts(self, items, list))
        return;
    self.lists.push_back(std::move(list));
    to.kind = VALUE_LIST;
    to.items = self.lists.back().data();
    to.length = uint32_t(self.lists.back().size());
}

/* {"stringValue": "x"} and the like. */
void take_any_value(otlp &self, dom::element from, value &to)
{
    dom::element inner;
    bool truth;
    if (!from["stringValue"].get(inner))
        take_plain(self, inner, VALUE_STRING, to);
    else if (!from["intValue"].get(inner))
        take_plain(self, inner, VALUE_NUMBER, to);
    else if (!from["doubleValue"].get(inner))
        take_plain(self, inner, VALUE_STRING, to); /* "NaN" and "Infinity" are texts */
    else if (!from["boolValue"].get(truth)) {
        to.boolean = truth;
        set_text(to, VALUE_BOOLEAN, truth ? "true" : "false");
    } else if (!from["arrayValue"].get(inner))
        take_list(self, inner, to);
    else if (!from["kvlistValue"].get(inner) || !from["bytesValue"].get(inner))
        to.kind = VALUE_OTHER;
}

/* The longest key of [{"key": …, "value": …}, …] that is shorter than that and begins the path, up
 * to a dot; of several, the first. 0: there is none. */
size_t next_key(const dom::array &attributes, std::string_view path, size_t shorter,
                dom::element &value)
{
    size_t longest = 0;
    for (dom::element attribute : attributes) {
        std::string_view key;
        dom::element found;
        if (attribute["key"].get(key) || key.size() <= longest || key.size() >= shorter ||
            path.substr(0, key.size()) != key || attribute["value"].get(found) ||
            (key.size() < path.size() && path[key.size()] != '.'))
            continue;
        longest = key.size();
        value = found;
    }
    return longest;
}

/* A dot of the path is part of a key, or descends, in the order of descent.h. */
bool find_attribute(otlp &self, dom::element list, std::string_view path, value &to)
{
    dom::array attributes;
    dom::element found, inner;
    if (list.get(attributes))
        return false;
    for (size_t shorter = path.size() + 1; shorter > 0;) {
        shorter = next_key(attributes, path, shorter, found);
        if (shorter == path.size()) {
            take_any_value(self, found, to);
            return true;
        }
        if (shorter > 0 && !found["kvlistValue"]["values"].get(inner) &&
            find_attribute(self, inner, path.substr(shorter + 1), to))
            return true;
    }
    return false;
}

bool find_by_name(otlp &self, const otlp::placed &place, std::string_view path, value &to)
{
    dom::element attributes;
    return (!place.record["attributes"].get(attributes) &&
            find_attribute(self, attributes, path, to)) ||
           (!place.scope["attributes"].get(attributes) &&
            find_attribute(self, attributes, path, to)) ||
           (!place.resource["attributes"].get(attributes) &&
            find_attribute(self, attributes, path, to));
}

/* A time of zero is the protocol's way to say that there is none. */
bool take_time(otlp &self, dom::element record, const char *name, value &to)
{
    dom::element time;
    if (record[name].get(time))
        return false;
    take_plain(self, time, VALUE_NUMBER, to);
    bool zero = to.kind == VALUE_NUMBER && to.length == 1 && *to.text == '0';
    if (zero)
        to.kind = VALUE_ABSENT;
    return to.kind != VALUE_ABSENT;
}

/* A member of the record other than its attributes. */
bool find_member(otlp &self, dom::element record, std::string_view path, value &to)
{
    dom::element found;
    if (path == "time")
        return take_time(self, record, "timeUnixNano", to) ||
               take_time(self, record, "observedTimeUnixNano", to);
    for (const char *name : OWN_MEMBERS) {
        if (path != name || record[name].get(found))
            continue;
        bool numeric = strstr(name, "UnixNano") != nullptr;
        take_plain(self, found, numeric ? VALUE_NUMBER : VALUE_STRING, to);
        return true;
    }
    if (path.substr(0, 4) != "body" || record["body"].get(found))
        return false;
    if (path.size() == 4) {
        take_any_value(self, found, to);
        return true;
    }
    dom::element inner;
    return path[4] == '.' && !found["kvlistValue"]["values"].get(inner) &&
           find_attribute(self, inner, path.substr(5), to);
}

void find(otlp &self, const otlp::placed &place, std::string_view path, value &to)
{
    to.kind = VALUE_ABSENT;
    if (find_member(self, place.record, path, to) || find_by_name(self, place, path, to))
        return;
    for (const renamed &name : RENAMED)
        if (name.now == path && find_by_name(self, place, name.before, to))
            return;
}

bool has_failed(otlp &self, const otlp::placed &place)
{
    value reason{};
    find(self, place, "feature_flag.result.reason", reason);
    return reason.kind == VALUE_STRING && reason.length == 5 &&
           strncasecmp(reason.text, "error", 5) == 0;
}

bool next(line_parser *parser, value *values)
{
    otlp &self = *static_cast<otlp *>(parser);
    if (self.next_record == self.records.size())
        return false;
    self.texts.clear();
    self.lists.clear();
    const otlp::placed &place = self.records[self.next_record++];
    for (size_t i = 0; i < self.paths.size(); i++)
        find(self, place, self.paths[i], values[i]);
    self.group = has_failed(self, place) ? RECORD_FAILED : RECORD_UNASSIGNED;
    return true;
}

/* The items of a list that may be missing. False: it is not a list. */
bool list_of(dom::element holder, const char *name, dom::array &items, bool &given)
{
    dom::element found;
    given = !holder[name].get(found);
    return !given || !found.get(items);
}

const char *collect(otlp &self, dom::element request)
{
    dom::array resources, scopes, records;
    bool given, is_other = false;
    if (!request.is_object())
        return "not a JSON object";
    if (!list_of(request, "resourceLogs", resources, given))
        return "'resourceLogs' is not a list";
    dom::element other;
    for (const char *name : {"resourceSpans", "resourceMetrics", "resourceProfiles"})
        is_other |= !request[name].get(other);
    if (!given)
        return is_other ? nullptr : "no 'resourceLogs': not OTLP's JSON for logs";
    for (dom::element in_resource : resources) {
        if (!list_of(in_resource, "scopeLogs", scopes, given))
            return "'scopeLogs' is not a list";
        if (!given)
            continue;
        for (dom::element in_scope : scopes) {
            if (!list_of(in_scope, "logRecords", records, given))
                return "'logRecords' is not a list";
            if (!given)
                continue;
            for (dom::element record : records) {
                if (!record.is_object())
                    return "a log record is not an object";
                self.records.push_back({record, in_scope["scope"], in_resource["resource"]});
            }
        }
    }
    return nullptr;
}

bool parse(line_parser *parser, const char *line, size_t length, value *, line_problem *problem)
{
    otlp &self = *static_cast<otlp *>(parser);
    self.records.clear();
    self.next_record = 0;
    problem->column = 1;
    problem->text = nullptr;
    dom::element request;
    error_code error = self.json.parse(line, length, false).get(request);
    if (error)
        problem->text = error == EMPTY ? "empty line" : error_message(error);
    else
        problem->text = collect(self, request);
    if (problem->text)
        self.records.clear();
    return !problem->text;
}

void close(line_parser *parser)
{
    delete static_cast<otlp *>(parser);
}

} // namespace

extern "C" line_parser *otlp_parser(const char *const *paths, uint32_t count)
{
    otlp *self = new otlp();
    self->parse = parse;
    self->next = next;
    self->close = close;
    self->paths.assign(paths, paths + count);
    return self;
}
