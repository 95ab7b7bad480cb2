/*
 * parse_otlp.cc - OTLP's JSON for logs and traces: resourceLogs[].scopeLogs[].logRecords[] and
 * resourceSpans[].scopeSpans[].spans[], with simdjson's DOM.
 *
 * An object's members come in any order, and a record inherits what it lacks from its scope and
 * resource, so the whole request is read before its first record is. Unknown members are skipped,
 * as the protocol requires. A span is a record, too. Requests with metrics have none.
 */
#include "line_parser.h"

#include <charconv>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "simdjson.h"

using namespace simdjson;
using namespace std::literals;

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

constexpr std::string_view OWN_MEMBERS[] = {"timeUnixNano", "observedTimeUnixNano",
                                            "severityText", "severityNumber",
                                            "eventName",    "traceId",
                                            "spanId"};
constexpr std::string_view SPAN_MEMBERS[] = {
    "startTimeUnixNano", "endTimeUnixNano", "name", "traceId", "spanId", "parentSpanId"};
constexpr const char *SPAN_KINDS[] = {"unspecified", "internal", "server",
                                      "client",      "producer", "consumer"};
constexpr const char *SPAN_STATUSES[] = {"unset", "ok", "error"};

/* Where a signal keeps its records, and what they are called in the field `signal`. */
struct signal_form {
    std::string_view resources, scopes, records, name;
};
enum signal { SIGNAL_LOG, SIGNAL_SPAN };
constexpr signal_form SIGNALS[] = {{"resourceLogs", "scopeLogs", "logRecords", "log"},
                                   {"resourceSpans", "scopeSpans", "spans", "span"}};

/* A name of an attribute that is looked for, and what of the record's has it. */
struct wanted_name {
    explicit wanted_name(std::string_view given) : name(given)
    {
    }
    std::string_view name;
    bool begins = false; /* an attribute's key is what it begins with, up to a dot */
    bool found = false;
    dom::element value;
    bool may_inherit = false; /* the scope or the resource has one of either kind */
};

struct otlp : line_parser {
    std::vector<std::string> paths;
    std::vector<wanted_name> names; /* of the paths, then those that were renamed */
    std::vector<size_t> earlier;    /* by path: its first earlier name among them, or 0 */
    size_t reason = 0;              /* the place of the path that says why */
    size_t count = 0;               /* of the paths that are asked for */
    dom::parser json;
    /* The request, and how many of its records have been returned. */
    struct placed {
        dom::element record;
        simdjson_result<dom::element> scope, resource; /* which may be missing */
        signal kind;
        bool is_of_same; /* scope as the one before it */
    };
    std::vector<placed> records;
    size_t next_record = 0;
    /* For this record: numbers as text, and the texts of lists. A deque never moves its
     * elements. */
    std::deque<std::string> texts;
    std::deque<std::vector<const char *>> lists;
};

bool is_nanoseconds(std::string_view name)
{
    return name.find("UnixNano") != name.npos;
}

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

/* An object, or a list of what is neither text nor number. */
void set_other(value &to)
{
    to.kind = VALUE_OTHER;
    to.length = 0;
    to.items = nullptr;
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
    else if (from.is_null())
        to.kind = VALUE_ABSENT;
    else
        set_other(to);
}

/* False: not all of them are texts or numbers. */
bool take_entries(otlp &self, dom::array items, std::vector<const char *> &list, bool &has_numbers)
{
    for (dom::element item : items) {
        std::string_view text;
        dom::element number;
        if (!item["stringValue"sv].get(text)) {
            self.texts.emplace_back(text);
        } else if (!item["intValue"sv].get(number) || !item["doubleValue"sv].get(number)) {
            value taken{};
            take_plain(self, number, VALUE_NUMBER, taken);
            if (taken.kind != VALUE_NUMBER)
                return false;
            self.texts.emplace_back(taken.text, taken.length);
            has_numbers = true;
        } else {
            return false;
        }
        list.push_back(self.texts.back().c_str());
    }
    return true;
}

void take_list(otlp &self, dom::element from, value &to)
{
    set_other(to);
    dom::array items;
    std::vector<const char *> list;
    bool has_numbers = false;
    error_code error = from["values"sv].get(items);
    if (error && error != NO_SUCH_FIELD) /* which is how an empty one is written */
        return;
    if (!error && !take_entries(self, items, list, has_numbers))
        return;
    self.lists.push_back(std::move(list));
    to.kind = has_numbers ? VALUE_OTHER : VALUE_LIST;
    to.items = self.lists.back().data();
    to.length = uint32_t(self.lists.back().size());
}

/* {"stringValue": "x"} and the like. */
void take_any_value(otlp &self, dom::element from, value &to)
{
    dom::element inner;
    bool truth;
    if (!from["stringValue"sv].get(inner))
        take_plain(self, inner, VALUE_STRING, to);
    else if (!from["intValue"sv].get(inner))
        take_plain(self, inner, VALUE_NUMBER, to);
    else if (!from["doubleValue"sv].get(inner))
        take_plain(self, inner, VALUE_STRING, to); /* "NaN" and "Infinity" are texts */
    else if (!from["boolValue"sv].get(truth)) {
        to.boolean = truth;
        set_text(to, VALUE_BOOLEAN, truth ? "true" : "false");
    } else if (!from["arrayValue"sv].get(inner))
        take_list(self, inner, to);
    else if (!from["kvlistValue"sv].get(inner) || !from["bytesValue"sv].get(inner))
        set_other(to);
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
        if (attribute["key"sv].get(key) || key.size() <= longest || key.size() >= shorter ||
            path.substr(0, key.size()) != key || attribute["value"sv].get(found) ||
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
        if (shorter > 0 && !found["kvlistValue"sv]["values"sv].get(inner) &&
            find_attribute(self, inner, path.substr(shorter + 1), to))
            return true;
    }
    return false;
}

/* Looks for all names in one list at once. */
template <typename sink> void match_names(otlp &self, dom::element list, sink take)
{
    dom::array attributes;
    if (list.get(attributes))
        return;
    for (dom::element attribute : attributes) {
        dom::object members;
        std::string_view key;
        dom::element value;
        bool has_key = false, has_value = false;
        if (attribute.get(members))
            continue;
        for (auto member : members) {
            if (!has_key && member.key == "key")
                has_key = !member.value.get(key);
            else if (!has_value && member.key == "value") {
                value = member.value;
                has_value = true;
            }
        }
        if (!has_key || !has_value)
            continue;
        for (wanted_name &wanted : self.names) {
            bool whole = key.size() == wanted.name.size();
            if (key.size() > wanted.name.size() || !(whole || wanted.name[key.size()] == '.') ||
                memcmp(key.data(), wanted.name.data(), key.size()) != 0)
                continue;
            take(wanted, whole, value);
        }
    }
}

void match_record(otlp &self, const otlp::placed &place)
{
    dom::element attributes;
    for (wanted_name &wanted : self.names)
        wanted.begins = wanted.found = false;
    if (place.record["attributes"sv].get(attributes))
        return;
    match_names(self, attributes, [](wanted_name &wanted, bool whole, dom::element value) {
        if (whole && !wanted.found)
            wanted.value = value;
        wanted.found |= whole;
        wanted.begins |= !whole;
    });
}

/* Most records follow one of the same scope. */
void match_inherited(otlp &self, const otlp::placed &place)
{
    auto note = [](wanted_name &wanted, bool, dom::element) { wanted.may_inherit = true; };
    dom::element attributes;
    for (wanted_name &wanted : self.names)
        wanted.may_inherit = false;
    if (!place.scope["attributes"sv].get(attributes))
        match_names(self, attributes, note);
    if (!place.resource["attributes"sv].get(attributes))
        match_names(self, attributes, note);
}

bool find_by_name(otlp &self, const otlp::placed &place, std::string_view path, value &to)
{
    dom::element attributes;
    return (!place.record["attributes"sv].get(attributes) &&
            find_attribute(self, attributes, path, to)) ||
           (!place.scope["attributes"sv].get(attributes) &&
            find_attribute(self, attributes, path, to)) ||
           (!place.resource["attributes"sv].get(attributes) &&
            find_attribute(self, attributes, path, to));
}

/* A time of zero is the protocol's way to say that there is none. */
bool take_time(otlp &self, dom::element record, std::string_view name, value &to)
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

/* A count of nanoseconds: a text of digits, or a number. */
bool nanoseconds(dom::element record, std::string_view name, uint64_t &count)
{
    dom::element found;
    std::string_view text;
    if (record[name].get(found))
        return false;
    if (found.get(text))
        return !found.get(count);
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    return error == std::errc() && end == text.data() + text.size();
}

/* From its start to its end, in milliseconds, exactly. A span that ends before it starts, or never
 * did either, has none. */
void take_duration(otlp &self, dom::element span, value &to)
{
    uint64_t start, end;
    if (!nanoseconds(span, "startTimeUnixNano", start) ||
        !nanoseconds(span, "endTimeUnixNano", end) || start == 0 || end < start)
        return;
    char text[40];
    uint64_t taken = end - start;
    int length = snprintf(text, sizeof text, "%llu.%06llu", (unsigned long long)(taken / 1000000),
                          (unsigned long long)(taken % 1000000));
    self.texts.emplace_back(text, size_t(length));
    set_text(to, VALUE_NUMBER, self.texts.back());
}

/* An enum's member by its number, or by its name, whose last word is the same: SPAN_KIND_SERVER. */
template <size_t count>
void take_word(dom::element from, const char *const (&words)[count], const char *prefix, value &to)
{
    uint64_t number = 0;
    std::string_view name;
    if (!from.get(name) && name.substr(0, strlen(prefix)) == prefix) {
        name.remove_prefix(strlen(prefix));
        for (const char *word : words)
            if (name.size() == strlen(word) && strncasecmp(name.data(), word, name.size()) == 0)
                set_text(to, VALUE_STRING, word);
    } else if (!from.get(number) && number < count) {
        set_text(to, VALUE_STRING, words[number]);
    }
}

/* The protocol leaves out what is 0. */
void take_status(dom::element span, value &to)
{
    dom::element code;
    set_text(to, VALUE_STRING, SPAN_STATUSES[0]);
    if (!span["status"sv]["code"sv].get(code)) {
        to.kind = VALUE_ABSENT;
        take_word(code, SPAN_STATUSES, "STATUS_CODE_", to);
    }
}

/* A member of the span other than its attributes. */
bool find_in_span(otlp &self, dom::element span, std::string_view path, value &to)
{
    dom::element found;
    if (path == "time")
        return take_time(self, span, "startTimeUnixNano", to);
    if (path == "duration") {
        take_duration(self, span, to);
        return true;
    }
    if (path == "status") {
        take_status(span, to);
        return true;
    }
    if (path == "status.message" && !span["status"sv]["message"sv].get(found)) {
        take_plain(self, found, VALUE_STRING, to);
        return true;
    }
    if (path == "kind" && !span["kind"sv].get(found)) {
        take_word(found, SPAN_KINDS, "SPAN_KIND_", to);
        return true;
    }
    for (std::string_view name : SPAN_MEMBERS) {
        if (path != name || span[name].get(found))
            continue;
        take_plain(self, found, is_nanoseconds(name) ? VALUE_NUMBER : VALUE_STRING, to);
        return true;
    }
    return false;
}

/* A member of the record other than its attributes. */
bool find_member(otlp &self, dom::element record, std::string_view path, value &to)
{
    dom::element found;
    if (path == "time")
        return take_time(self, record, "timeUnixNano", to) ||
               take_time(self, record, "observedTimeUnixNano", to);
    for (std::string_view name : OWN_MEMBERS) {
        if (path != name || record[name].get(found))
            continue;
        take_plain(self, found, is_nanoseconds(name) ? VALUE_NUMBER : VALUE_STRING, to);
        return true;
    }
    if (path.substr(0, 4) != "body" || record["body"sv].get(found))
        return false;
    if (path.size() == 4) {
        take_any_value(self, found, to);
        return true;
    }
    dom::element inner;
    return path[4] == '.' && !found["kvlistValue"sv]["values"sv].get(inner) &&
           find_attribute(self, inner, path.substr(5), to);
}

/* An attribute of the record, its scope or its resource. */
bool find_matched(otlp &self, const otlp::placed &place, const wanted_name &wanted, value &to)
{
    if (wanted.found) {
        take_any_value(self, wanted.value, to);
        return true;
    }
    return (wanted.begins || wanted.may_inherit) && find_by_name(self, place, wanted.name, to);
}

void find(otlp &self, const otlp::placed &place, size_t at, value &to)
{
    const std::string &path = self.paths[at];
    to.kind = VALUE_ABSENT;
    if (place.kind == SIGNAL_SPAN ? find_in_span(self, place.record, path, to)
                                  : find_member(self, place.record, path, to))
        return;
    if (find_matched(self, place, self.names[at], to))
        return;
    if (path == "signal") {
        set_text(to, VALUE_STRING, SIGNALS[place.kind].name);
        return;
    }
    size_t earlier = self.earlier[at];
    for (const renamed &name : RENAMED)
        if (earlier > 0 && name.now == path && find_matched(self, place, self.names[earlier++], to))
            return;
}

bool has_failed(otlp &self, const otlp::placed &place)
{
    value reason{};
    find(self, place, self.reason, reason);
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
    const otlp::placed &place = self.records[self.next_record];
    match_record(self, place);
    if (self.next_record == 0 || !place.is_of_same)
        match_inherited(self, place);
    self.next_record++;
    for (size_t i = 0; i < self.count; i++)
        find(self, place, i, values[i]);
    self.group = has_failed(self, place) ? RECORD_FAILED : RECORD_UNASSIGNED;
    return true;
}

/* The items of a list that may be missing. False: it is not a list. */
bool list_of(dom::element holder, std::string_view name, dom::array &items, bool &given)
{
    dom::element found;
    given = !holder[name].get(found);
    return !given || !found.get(items);
}

/* NULL, or what is wrong; `given`: whether the request has the signal. */
const char *collect_signal(otlp &self, dom::element request, signal kind, bool &given)
{
    const signal_form &form = SIGNALS[kind];
    dom::array resources, scopes, records;
    bool has;
    if (!list_of(request, form.resources, resources, given))
        return kind == SIGNAL_LOG ? "'resourceLogs' is not a list"
                                  : "'resourceSpans' is not a list";
    if (!given)
        return nullptr;
    for (dom::element in_resource : resources) {
        if (!list_of(in_resource, form.scopes, scopes, has))
            return kind == SIGNAL_LOG ? "'scopeLogs' is not a list" : "'scopeSpans' is not a list";
        if (!has)
            continue;
        for (dom::element in_scope : scopes) {
            if (!list_of(in_scope, form.records, records, has))
                return kind == SIGNAL_LOG ? "'logRecords' is not a list" : "'spans' is not a list";
            if (!has)
                continue;
            bool is_first = true;
            for (dom::element record : records) {
                if (!record.is_object())
                    return kind == SIGNAL_LOG ? "a log record is not an object"
                                              : "a span is not an object";
                self.records.push_back(
                    {record, in_scope["scope"sv], in_resource["resource"sv], kind, !is_first});
                is_first = false;
            }
        }
    }
    return nullptr;
}

const char *collect(otlp &self, dom::element request)
{
    if (!request.is_object())
        return "not a JSON object";
    bool is_known = false;
    for (signal kind : {SIGNAL_LOG, SIGNAL_SPAN}) {
        bool given;
        if (const char *wrong = collect_signal(self, request, kind, given))
            return wrong;
        is_known |= given;
    }
    dom::element other;
    for (const char *name : {"resourceMetrics", "resourceProfiles"})
        is_known |= !request[name].get(other);
    return is_known ? nullptr : "no 'resourceLogs' and no 'resourceSpans': not OTLP's JSON";
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

constexpr std::string_view REASON = "feature_flag.result.reason";

/* Once all paths are known: names refer to them. */
void name_all(otlp &self)
{
    while (self.reason < self.count && self.paths[self.reason] != REASON)
        self.reason++;
    if (self.reason == self.count)
        self.paths.emplace_back(REASON);
    for (const std::string &path : self.paths)
        self.names.emplace_back(path);
    self.earlier.assign(self.paths.size(), 0);
    for (size_t i = 0; i < self.paths.size(); i++)
        for (const renamed &name : RENAMED) {
            if (name.now != self.paths[i])
                continue;
            if (self.earlier[i] == 0)
                self.earlier[i] = self.names.size();
            self.names.emplace_back(name.before);
        }
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
    self->count = count;
    name_all(*self);
    return self;
}
