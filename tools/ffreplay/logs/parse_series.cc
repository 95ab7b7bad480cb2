/*
 * parse_series.cc - time series that were aggregated elsewhere, one record per point: Prometheus'
 * answers to range queries, and Kayenta's lists of metric set pairs. With simdjson's DOM.
 */
#include "line_parser.h"

#include <charconv>
#include <cstring>
#include <string>
#include <vector>

#include "simdjson.h"

using namespace simdjson;

namespace
{

struct series {
    dom::object labels;
    bool has_labels;
    std::string_view name; /* Kayenta's; Prometheus has it among the labels */
    dom::array points;
    bool timed; /* a point is [time, value]; otherwise only a value, with times by step */
    int64_t start, step;
    record_group group;
};

struct series_parser : line_parser {
    std::vector<std::string> paths;
    dom::parser json;
    std::string message, remarks;
    bool takes_partial = false;
    const char *(*collect)(series_parser &self, dom::element document);

    std::vector<series> all;
    size_t current = 0;
    dom::array::iterator point, end;
    int64_t index = 0;
    std::string time, number; /* of this point, as text */
};

void set_text(value &to, std::string_view text)
{
    to.kind = VALUE_STRING;
    to.text = text.data();
    to.length = uint32_t(text.size());
}

/* A number as text; a text as it is. False: it is neither. */
bool text_of(dom::element from, std::string &to)
{
    char digits[32];
    std::string_view text;
    int64_t integer;
    double fraction;
    if (!from.get(text)) {
        to = text;
        return true;
    }
    if (!from.get(integer))
        to.assign(digits, std::to_chars(digits, digits + sizeof digits, integer).ptr);
    else if (!from.get(fraction))
        to.assign(digits, std::to_chars(digits, digits + sizeof digits, fraction).ptr);
    else
        return false;
    return true;
}

/* --------------------------------------------------------------------------------- documents -- */

void printable(std::string &text)
{
    for (char &c : text)
        if (uint8_t(c) < ' ' || c == 0x7f)
            c = '?';
}

const char *say(series_parser &self, std::string_view what, std::string_view about)
{
    self.message = what;
    self.message += about.substr(0, 120);
    printable(self.message);
    return self.message.c_str();
}

const char *add_prometheus(series_parser &self, dom::element from)
{
    series found{};
    dom::element histograms;
    found.timed = true;
    found.has_labels = !from["metric"].get(found.labels);
    if (!found.has_labels)
        return "a series without 'metric'";
    if (!from["histograms"].get(histograms))
        return "native histograms are not read; ask for a quantile or a rate of them";
    if (from["values"].get(found.points))
        return "a series without 'values': this is no answer to a range query";
    self.all.push_back(found);
    return nullptr;
}

/* Appends what the answer says about itself under this name; returns how much. */
size_t add_remarks(series_parser &self, dom::element document, std::string_view name)
{
    dom::array remarks;
    size_t count = 0;
    if (document[name].get(remarks))
        return 0;
    for (dom::element each : remarks) {
        std::string_view text;
        if (each.get(text))
            continue;
        self.remarks += self.remarks.empty() ? "" : "; ";
        self.remarks += text.substr(0, 200);
        count++;
    }
    return count;
}

/* Stores that did not answer, data that was cut off: engines report these in either way. An info is
 * about the query, and means no loss. */
const char *note_partial(series_parser &self, dom::element document)
{
    bool is_partial = false;
    if (document["isPartial"].get(is_partial))
        is_partial = false;
    bool warned = add_remarks(self, document, "warnings") > 0;
    if ((is_partial || warned) && !self.takes_partial) {
        self.help = "ask again, or take it as it is with --allow-partial";
        return say(self, warned ? "the answer is partial: " : "the answer is partial",
                   self.remarks);
    }
    if (is_partial && !warned)
        self.remarks = "the answer is partial";
    (void)add_remarks(self, document, "infos");
    return nullptr;
}

/* The whole answer, or only its list of series, as promtool prints it. */
const char *collect_prometheus(series_parser &self, dom::element document)
{
    std::string_view status, error, type;
    dom::array results;
    dom::element data = document;
    if (!document["status"].get(status) && status != "success")
        return say(self, "the query has failed: ",
                   document["error"].get(error) ? std::string_view("no reason given") : error);
    if (document.is_object() && document["data"].get(data))
        return "no 'data': not an answer from Prometheus";
    if (const char *wrong = note_partial(self, document))
        return wrong;
    if (!data["resultType"].get(type) && type != "matrix")
        return say(self, "expected a 'matrix', as query_range gives it, found a ", type);
    if (document.is_array() ? document.get(results) : data["result"].get(results))
        return "no list of results";
    for (dom::element each : results)
        if (const char *wrong = add_prometheus(self, each))
            return wrong;
    if (self.all.empty())
        self.remarks +=
            self.remarks.empty() ? "the query found nothing" : "; the query found nothing";
    return nullptr;
}

const char *add_kayenta(series_parser &self, dom::element pair, const char *side,
                        record_group group)
{
    series found{};
    found.group = group;
    found.has_labels = !pair["tags"].get(found.labels);
    if (pair["name"].get(found.name) || pair["values"][side].get(found.points))
        return say(self, "a metric set pair without 'name' or without the values of ", side);
    dom::element scope;
    if (pair["scopes"][side].get(scope) || scope["startTimeMillis"].get(found.start) ||
        scope["stepMillis"].get(found.step) || found.start < 0 || found.step <= 0 ||
        found.start > INT64_MAX / 4 ||
        found.step > INT64_MAX / 4 / int64_t(found.points.size() + 1))
        return say(self, "no 'startTimeMillis' and 'stepMillis' in the scope of ", side);
    self.all.push_back(found);
    return nullptr;
}

const char *add_pair(series_parser &self, dom::element pair)
{
    const char *wrong = add_kayenta(self, pair, "control", RECORD_OF_CONTROL);
    return wrong ? wrong : add_kayenta(self, pair, "experiment", RECORD_OF_CANARY);
}

const char *collect_kayenta(series_parser &self, dom::element document)
{
    dom::array pairs;
    if (document.get(pairs))
        return document.is_object() ? add_pair(self, document) : "not a list of metric set pairs";
    for (dom::element pair : pairs)
        if (const char *wrong = add_pair(self, pair))
            return wrong;
    return nullptr;
}

/* ------------------------------------------------------------------------------------ points -- */

/* A text in `number` is a number. null and "NaN" are no data; anything else is an unreadable
 * value. */
value_kind kind_of(series_parser &self, dom::element number)
{
    if (number.is_null())
        return VALUE_ABSENT;
    if (!text_of(number, self.number))
        return VALUE_OTHER;
    return self.number == "NaN" ? VALUE_ABSENT : VALUE_STRING;
}

/* Reads the texts of a point; returns the kind of its value. */
value_kind read_point(series_parser &self, const series &from, dom::element point)
{
    dom::element time, number;
    self.time.clear();
    self.number.clear();
    if (!from.timed) {
        self.time = std::to_string(from.start + self.index * from.step);
        return kind_of(self, point);
    }
    if (point.at_pointer("/0").get(time) || point.at_pointer("/1").get(number) ||
        !text_of(time, self.time))
        return VALUE_OTHER;
    return kind_of(self, number);
}

void fill(series_parser &self, const series &from, std::string_view path, value_kind number,
          value &to)
{
    std::string_view label;
    to.kind = VALUE_ABSENT;
    if (path == "time")
        set_text(to, self.time);
    else if (path == "value" && number == VALUE_STRING)
        set_text(to, self.number);
    else if (path == "value")
        to.kind = number;
    else if (path == "name" && !from.timed)
        set_text(to, from.name);
    else if (path != "value" && from.has_labels && !from.labels.at_key(path).get(label))
        set_text(to, label);
}

/* Advances to the next point, in whichever series it is. */
bool has_point(series_parser &self)
{
    for (; self.current < self.all.size(); self.current++) {
        if (self.index == 0) {
            self.point = self.all[self.current].points.begin();
            self.end = self.all[self.current].points.end();
        }
        if (self.point != self.end)
            return true;
        self.index = 0;
    }
    return false;
}

bool next(line_parser *parser, value *values)
{
    series_parser &self = *static_cast<series_parser *>(parser);
    if (!has_point(self))
        return false;
    const series &from = self.all[self.current];
    value_kind number = read_point(self, from, *self.point);
    for (size_t i = 0; i < self.paths.size(); i++)
        fill(self, from, self.paths[i], number, values[i]);
    self.group = from.group;
    ++self.point;
    self.index++;
    return true;
}

bool parse(line_parser *parser, const char *text, size_t length, value *, line_problem *problem)
{
    series_parser &self = *static_cast<series_parser *>(parser);
    self.all.clear();
    self.current = 0;
    self.index = 0;
    problem->column = 1;
    dom::element document;
    error_code error = self.json.parse(text, length, false).get(document);
    self.remarks.clear();
    self.help = nullptr;
    problem->text = error ? error_message(error) : self.collect(self, document);
    printable(self.remarks);
    self.remark = self.remarks.empty() ? nullptr : self.remarks.c_str();
    return !problem->text;
}

void close(line_parser *parser)
{
    delete static_cast<series_parser *>(parser);
}

series_parser *open(const char *const *paths, uint32_t count,
                    const char *(*collect)(series_parser &, dom::element))
{
    series_parser *self = new series_parser();
    self->parse = parse;
    self->next = next;
    self->close = close;
    self->collect = collect;
    self->paths.assign(paths, paths + count);
    return self;
}

} // namespace

extern "C" line_parser *prometheus_parser(const char *const *paths, uint32_t count,
                                          bool takes_partial)
{
    series_parser *self = open(paths, count, collect_prometheus);
    self->takes_partial = takes_partial;
    return self;
}

extern "C" line_parser *kayenta_parser(const char *const *paths, uint32_t count)
{
    return open(paths, count, collect_kayenta);
}
