/*
 * parse_ndjson.cc - JSON lines, with simdjson's on-demand parser. C++ only for simdjson.
 *
 * Each object is walked once from front to back, so that a truncated line is noticed. Keys are
 * compared in place, first by their first eight bytes; text is returned in place, too, unless it
 * has escapes. Lines that resemble an earlier one are read without the parser; see line_shape.h.
 */
#include "line_parser.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/base/descent.h"
#include "line_shape.h"
#include "simdjson.h"

using namespace simdjson;

namespace
{

constexpr uint32_t NO_FIELD = UINT32_MAX;

struct level;

/* A key that may occur in an object, and what to do with its value. */
struct wanted_key {
    std::string name;
    uint64_t head = 0, mask = 0; /* the first bytes of `name"` */
    uint32_t field = NO_FIELD;
    const level *below = nullptr; /* the one of objects there, */
    descent_way descends = 0;     /* and what it adds to the way there */
};

/* What is wanted of an object, which depends on where it is: on the keys that led to it, joined. */
struct level {
    std::vector<wanted_key> keys;
};
using levels = std::map<std::string, level>; /* which never moves its elements */

wanted_key &key_of(level &where, const std::string &name)
{
    for (wanted_key &key : where.keys)
        if (key.name == name)
            return key;
    where.keys.emplace_back();
    wanted_key &key = where.keys.back();
    key.name = name;
    std::string head = (name + '"').substr(0, 8);
    memcpy(&key.head, head.data(), head.size());
    memset(&key.mask, 0xff, head.size());
    return key;
}

/* Wants the rest of a path in the objects that are at `path.substr(0, begin - 1)`, and so on. */
void want(levels &all, const std::string &path, size_t begin, uint32_t field)
{
    level &here = all[path.substr(0, begin ? begin - 1 : 0)];
    key_of(here, path.substr(begin)).field = field;
    unsigned dots = 0;
    for (size_t dot = path.find('.'); dot != std::string::npos && dots < MOST_DESCENTS;
         dot = path.find('.', dot + 1), dots++) {
        if (dot < begin)
            continue;
        wanted_key &key = key_of(here, path.substr(begin, dot - begin));
        key.below = &all[path.substr(0, dot)];
        key.descends = descent_way_below(0, path.data(), dot);
    }
}

/* Every dot may either descend or be part of a key. */
void want(levels &all, const std::string &path, uint32_t field)
{
    unsigned dots = 0;
    want(all, path, 0, field);
    for (size_t dot = path.find('.'); dot != std::string::npos && dots < MOST_DESCENTS;
         dot = path.find('.', dot + 1), dots++)
        want(all, path, dot + 1, field);
}

bool is_key(const wanted_key &key, const char *raw)
{
    uint64_t head;
    memcpy(&head, raw, sizeof head);
    if ((head & key.mask) != key.head)
        return false;
    size_t length = key.name.size();
    return length < 8 || (memcmp(raw, key.name.data(), length) == 0 && raw[length] == '"');
}

constexpr size_t MOST_PATTERNS = 4;

struct learnt {
    line_shape shape;
    std::vector<uint32_t> absent; /* fields that its lines do not have */
};

struct ndjson : line_parser {
    levels all;
    const level *root = nullptr;
    uint32_t count = 0;
    std::vector<descent_way> ways; /* of this line's values: only a lesser one, or the same, */
                                   /* replaces what was found */
    std::vector<std::unique_ptr<learnt>> patterns; /* the one that matched last comes first */
    line_pattern last_form;                        /* of a line that may be learnt from */
    ondemand::parser json;
    /* The texts of this line's lists, and where each list begins among them. */
    std::vector<std::string> list_texts;
    std::vector<const char *> list_items;
    std::vector<std::pair<value *, size_t>> lists;

    error_code walk(ondemand::object object, const level &where, descent_way way, bool escapes,
                    value *values);
    error_code take_member(ondemand::value &member, const wanted_key &key, descent_way way,
                           bool escapes, value *values);
    error_code take(ondemand::value &from, bool escapes, value &to);
    error_code take_list(ondemand::value &from, value &to);
};

std::string_view trimmed(std::string_view token)
{
    while (!token.empty() && (token.back() == ' ' || token.back() == '\t' || token.back() == '\r'))
        token.remove_suffix(1);
    return token;
}

void set_text(value &to, value_kind kind, std::string_view text)
{
    to.kind = kind;
    to.text = text.data();
    to.length = uint32_t(text.size());
}

/* An object, or a list of what is neither a string nor a number. */
void set_other(value &to)
{
    to.kind = VALUE_OTHER;
    to.length = 0;
    to.items = nullptr;
}

/* A string's text, or a number's; false: it is neither. */
error_code take_entry(simdjson_result<ondemand::value> result, std::string &text, bool &is_number,
                      bool &is_entry)
{
    ondemand::value element;
    ondemand::json_type type;
    if (error_code error = result.get(element))
        return error;
    if (error_code error = element.type().get(type))
        return error;
    is_number = type == ondemand::json_type::number;
    is_entry = is_number || type == ondemand::json_type::string;
    std::string_view found;
    if (is_number)
        found = trimmed(element.raw_json_token());
    else if (is_entry)
        if (error_code error = element.get_string().get(found))
            return error;
    text = found;
    return SUCCESS;
}

error_code ndjson::take_list(ondemand::value &from, value &to)
{
    ondemand::array array;
    if (error_code error = from.get_array().get(array))
        return error;
    size_t begin = list_texts.size();
    bool has_numbers = false, has_others = false;
    for (auto element : array) {
        std::string text;
        bool is_number, is_entry;
        if (error_code error = take_entry(element, text, is_number, is_entry))
            return error;
        has_numbers |= is_number;
        has_others |= !is_entry;
        list_texts.push_back(std::move(text));
    }
    set_other(to);
    if (has_others)
        return SUCCESS;
    to.kind = has_numbers ? VALUE_OTHER : VALUE_LIST;
    to.length = uint32_t(list_texts.size() - begin);
    lists.emplace_back(&to, begin);
    return SUCCESS;
}

error_code ndjson::take(ondemand::value &from, bool escapes, value &to)
{
    ondemand::json_type type;
    if (error_code error = from.type().get(type))
        return error;
    switch (type) {
    case ondemand::json_type::string: {
        std::string_view text;
        if (escapes) {
            if (error_code error = from.get_string().get(text))
                return error;
        } else {
            text = trimmed(from.raw_json_token());
            text = text.substr(1, text.size() - 2);
        }
        set_text(to, VALUE_STRING, text);
        return SUCCESS;
    }
    case ondemand::json_type::number:
        set_text(to, VALUE_NUMBER, trimmed(from.raw_json_token()));
        return SUCCESS;
    case ondemand::json_type::boolean: {
        std::string_view text = trimmed(from.raw_json_token());
        set_text(to, VALUE_BOOLEAN, text);
        return from.get_bool().get(to.boolean);
    }
    case ondemand::json_type::null: {
        bool is_null;
        if (error_code error = from.is_null().get(is_null))
            return error;
        to.kind = VALUE_NULL;
        return is_null ? SUCCESS : N_ATOM_ERROR;
    }
    case ondemand::json_type::array:
        return take_list(from, to);
    case ondemand::json_type::object:
        break;
    }
    set_other(to);
    return SUCCESS;
}

error_code ndjson::take_member(ondemand::value &member, const wanted_key &key, descent_way way,
                               bool escapes, value *values)
{
    ondemand::json_type type;
    if (error_code error = member.type().get(type))
        return error;
    bool descends = key.below && type == ondemand::json_type::object;
    if (key.field != NO_FIELD && way <= ways[key.field]) {
        ways[key.field] = way;
        set_other(values[key.field]);
        if (!descends)
            return take(member, escapes, values[key.field]);
    }
    if (!descends)
        return SUCCESS;
    ondemand::object below;
    if (error_code error = member.get_object().get(below))
        return error;
    return walk(below, *key.below, way | key.descends, escapes, values);
}

error_code ndjson::walk(ondemand::object object, const level &where, descent_way way, bool escapes,
                        value *values)
{
    for (auto result : object) {
        ondemand::field field;
        if (error_code error = std::move(result).get(field))
            return error;
        const wanted_key *found = nullptr;
        if (escapes) {
            std::string_view name;
            if (error_code error = field.unescaped_key().get(name))
                return error;
            for (const wanted_key &key : where.keys)
                if (key.name == name)
                    found = &key;
        } else {
            const char *raw = field.key().raw();
            for (const wanted_key &key : where.keys)
                if (is_key(key, raw)) {
                    found = &key;
                    break;
                }
        }
        if (!found)
            continue;
        if (error_code error = take_member(field.value(), *found, way, escapes, values))
            return error;
    }
    return SUCCESS;
}

/* List items are returned as C strings once no more can be added, since adding moves them. */
void finish_lists(ndjson &self)
{
    if (self.lists.empty())
        return;
    self.list_items.clear();
    for (const std::string &text : self.list_texts)
        self.list_items.push_back(text.c_str());
    for (auto &[list, begin] : self.lists) /* unless the key came again, with an object */
        if (list->length > 0 || list->kind == VALUE_LIST)
            list->items = self.list_items.data() + begin;
}

const char *what_is_wrong(error_code error)
{
    switch (static_cast<int>(error)) { // simdjson's errors: all others are reported as one
    case EMPTY:
        return "empty line";
    case UNCLOSED_STRING:
        return "a string that does not end";
    case UNESCAPED_CHARS:
        return "a control character in a string";
    case UTF8_ERROR:
        return "not UTF-8";
    case INCOMPLETE_ARRAY_OR_OBJECT:
        return "the line ends within an object";
    case TRAILING_CONTENT:
        return "text after the object";
    case INCORRECT_TYPE:
        return "not a JSON object";
    default:
        return "not valid JSON";
    }
}

/* Whether dots descend or not, the keys of objects above are part of the path; see want(). */
uint32_t field_of(const void *user, const char *name, size_t length)
{
    const ndjson &self = *static_cast<const ndjson *>(user);
    for (const wanted_key &key : self.root->keys)
        if (key.name == std::string_view(name, length))
            return key.field == NO_FIELD ? PATTERN_SKIPS : key.field;
    return PATTERN_SKIPS;
}

void clear(const ndjson &self, value *values)
{
    for (uint32_t i = 0; i < self.count; i++)
        values[i].kind = VALUE_ABSENT;
}

void clear_absent(const learnt &pattern, value *values)
{
    for (uint32_t field : pattern.absent)
        values[field].kind = VALUE_ABSENT;
}

/* Tries the patterns from this one on. */
size_t read_by_pattern(ndjson &self, size_t first, const char *line, value *values)
{
    for (size_t i = first; i < self.patterns.size(); i++) {
        clear_absent(*self.patterns[i], values);
        size_t length = line_shape_read(&self.patterns[i]->shape, line, values);
        if (length == 0)
            continue;
        if (i > 0)
            std::swap(self.patterns[0], self.patterns[i]);
        return length;
    }
    return 0;
}

void read_abreast(line_parser *parser, const char *const texts[LINES_ABREAST],
                  value *const values[LINES_ABREAST], size_t lengths[LINES_ABREAST])
{
    ndjson &self = *static_cast<ndjson *>(parser);
    std::fill(lengths, lengths + LINES_ABREAST, 0);
    if (self.patterns.empty())
        return;
    for (int i = 0; i < LINES_ABREAST; i++)
        clear_absent(*self.patterns[0], values[i]);
    line_shape_read_abreast(&self.patterns[0]->shape, texts, values, lengths);
    for (int i = 0; i < LINES_ABREAST; i++)
        if (lengths[i] == 0)
            lengths[i] = read_by_pattern(self, 1, texts[i], values[i]);
}

void learn(ndjson &self, const char *line, size_t length)
{
    if (self.patterns.size() == MOST_PATTERNS)
        return;
    if (!line_pattern_learn(&self.last_form, line, length, field_of, &self))
        return;
    auto added = std::make_unique<learnt>();
    line_shape_begin(&added->shape, &self.last_form);
    std::vector<bool> has(self.count);
    for (uint32_t i = 0; i < self.last_form.count; i++)
        if (self.last_form.steps[i].field != PATTERN_SKIPS)
            has[self.last_form.steps[i].field] = true;
    for (uint32_t field = 0; field < self.count; field++)
        if (!has[field])
            added->absent.push_back(field);
    self.patterns.push_back(std::move(added));
}

bool parse(line_parser *parser, const char *line, size_t length, value *values,
           line_problem *problem)
{
    ndjson &self = *static_cast<ndjson *>(parser);
    if (length > 0 && read_by_pattern(self, 0, line, values) == length)
        return true;
    clear(self, values);
    std::fill(self.ways.begin(), self.ways.end(), UINT64_MAX);
    self.list_texts.clear();
    self.lists.clear();
    bool escapes = memchr(line, '\\', length) != nullptr;

    ondemand::document document;
    ondemand::object object;
    error_code error =
        self.json.iterate(padded_string_view(line, length, length + LINE_PADDING)).get(document);
    bool begun = !error; /* otherwise the document has no position */
    if (!error)
        error = document.get_object().get(object);
    if (!error)
        error = self.walk(object, *self.root, 0, escapes, values);
    const char *place;
    if (!error && document.current_location().get(place) != OUT_OF_BOUNDS)
        error = TRAILING_CONTENT;
    if (!error) {
        finish_lists(self);
        learn(self, line, length);
        return true;
    }
    problem->text = what_is_wrong(error);
    problem->column = 1;
    if (begun && !document.current_location().get(place) && place >= line && place <= line + length)
        problem->column = size_t(place - line) + 1;
    return false;
}

void close(line_parser *parser)
{
    delete static_cast<ndjson *>(parser);
}

} // namespace

extern "C" line_parser *ndjson_parser(const char *const *paths, uint32_t count)
{
    ndjson *self = new ndjson();
    self->read_abreast = read_abreast;
    self->parse = parse;
    self->close = close;
    self->count = count;
    self->ways.resize(count);
    self->root = &self->all[""];
    for (uint32_t i = 0; i < count; i++)
        want(self->all, paths[i], i);
    return self;
}
