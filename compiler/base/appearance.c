/* appearance.c - see appearance.h. */
#include "appearance.h"

#include <string.h>

#include "arena.h"
#include "buffer.h"
#include "escape.h"

#define MOST_MARKS 8 /* on one character; of more, the first are compared */

/* ------------------------------------------------------------------------------------- pairs -- */

#define LONGEST_CODE 4

/* Ends in a NUL; returns how many bytes precede it. */
static size_t encode(uint32_t code, char bytes[LONGEST_CODE + 1])
{
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    bytes[length] = '\0';
    for (size_t i = length; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(length == 1 ? code : (0xF00u >> length & 0xF0u) | code);
    return length;
}

/* A text of pairs of characters: where the second one is of the pair that begins with this one. */
static const char *partner(const char *pairs, uint32_t code)
{
    char bytes[LONGEST_CODE + 1];
    size_t length = encode(code, bytes);
    for (const char *at = pairs; (at = strstr(at, bytes)); at += length) {
        size_t before = 0;
        for (const char *one = pairs; one < at; one++)
            before += ((unsigned char)*one & 0xC0) != 0x80;
        if (before % 2 == 0)
            return at + length;
    }
    return NULL;
}

/* ----------------------------------------------------------------------- composed characters -- */

/* By mark: each composed character and what it is composed of. */
static const struct {
    uint32_t mark;
    const char *pairs;
} compositions[] = {
    {0x0300, "ÀAÈEÌIÒOÙUàaèeìiòoùuǛÜǜüЀЕЍИѐеѝиḔĒḕēṐŌṑōẀWẁwẦÂầâẰĂằăỀÊềêỒÔồôỜƠờơỪƯừưỲYỳy"},
    {0x0301, "ÁAÉEÍIÓOÚUÝYáaéeíióoúuýyĆCćcĹLĺlŃNńnŔRŕrŚSśsŹZźzǗÜǘüǴGǵgΆΑΈΕΉΗΊΙΌΟΎΥΏΩΐϊάαέε"
             "ήηίιΰϋόούυώωЃГЌКѓгќкḈÇḉçḖĒḗēḮÏḯïḰKḱkḾMḿmṌÕṍõṒŌṓōṔPṕpṸŨṹũẂWẃwẤÂấâẮĂắăẾÊếêỐÔốô"
             "ỚƠớơỨƯứư"},
    {0x0302, "ÂAÊEÎIÔOÛUâaêeîiôoûuĈCĉcĜGĝgĤHĥhĴJĵjŜSŝsŴWŵwŶYŷyẐZẑzẬẠậạỆẸệẹỘỌộọ"},
    {0x0303, "ÃAÑNÕOãañnõoĨIĩiŨUũuṼVṽvẪÂẫâẴĂẵăẼEẽeỄÊễêỖÔỗôỠƠỡơỮƯữưỸYỹy"},
    {0x0304, "ĀAāaĒEēeĪIīiŌOōoŪUūuǕÜǖüǞÄǟäǠȦǡȧǢÆǣæǬǪǭǫӢИӣиӮУӯуḠGḡgḸḶḹḷṜṚṝṛ"},
    {0x0306, "ĂAăaĔEĕeĞGğgĬIĭiŎOŏoŬUŭuЎУЙИйиўуӁЖӂжӐАӑаӖЕӗеḜȨḝȩẶẠặạ"},
    {0x0307, "ȦAȧaĊCċcĖEėeĠGġgİIŻZżzḂBḃbḊDḋdḞFḟfḢHḣhṀMṁmṄNṅnṖPṗpṘRṙrṠSṡsṤŚṥśṦŠṧšṨṢṩṣṪTṫtẆWẇwẊX"
             "ẋxẎYẏyẛſ"},
    {0x0308, "ÄAËEÏIÖOÜUäaëeïiöoüuÿyŸYΪΙΫΥϊιϋυЁЕЇІёеїіӒАӓаӚӘӛәӜЖӝжӞЗӟзӤИӥиӦОӧоӪӨӫөӬЭӭэӰУӱу"
             "ӴЧӵчӸЫӹыḦHḧhṎÕṏõṺŪṻūẄWẅwẌXẍxẗt"},
    {0x0309, "ẢAảaẨÂẩâẲĂẳăẺEẻeỂÊểêỈIỉiỎOỏoỔÔổôỞƠởơỦUủuỬƯửưỶYỷy"},
    {0x030A, "ÅAåaŮUůuẘwẙy"},
    {0x030B, "ŐOőoŰUűuӲУӳу"},
    {0x030C, "ČCčcĎDďdĚEěeĽLľlŇNňnŘRřrŠSšsŤTťtŽZžzǍAǎaǏIǐiǑOǒoǓUǔuǙÜǚüǦGǧgǨKǩkǮƷǯʒǰj"},
    {0x030F, "ѶѴѷѵ"},
    {0x031B, "ƠOơoƯUưu"},
    {0x0323, "ḄBḅbḌDḍdḤHḥhḲKḳkḶLḷlṂMṃmṆNṇnṚRṛrṢSṣsṬTṭtṾVṿvẈWẉwẒZẓzẠAạaẸEẹeỊIịiỌOọoỢƠợơỤUụu"
             "ỰƯựưỴYỵy"},
    {0x0324, "ṲUṳu"},
    {0x0325, "ḀAḁa"},
    {0x0327, "ȨEȩeÇCçcĢGģgĶKķkĻLļlŅNņnŖRŗrŞSşsŢTţtḐDḑdḨHḩh"},
    {0x0328, "ĄAąaĘEęeĮIįiŲUųuǪOǫo"},
    {0x032D, "ḒDḓdḘEḙeḼLḽlṊNṋnṰTṱtṶUṷu"},
    {0x032E, "ḪHḫh"},
    {0x0330, "ḚEḛeḬIḭiṴUṵu"},
    {0x0331, "ḆBḇbḎDḏdḴKḵkḺLḻlṈNṉnṞRṟrṮTṯtẔZẕzẖh"},
    {0x3099, "がかぎきぐくげけごこざさじしずすぜせぞそだたぢちづつでてどとばはびひぶふべへぼほゔう"
             "ゞゝガカギキグクゲケゴコザサジシズスゼセゾソダタヂチヅツデテドトバハ"
             "ビヒブフベヘボホヴウヷワヸヰヹヱヺヲヾヽ"},
    {0x309A, "ぱはぴひぷふぺへぽほパハピヒプフペヘポホ"},
};

static bool decompose(uint32_t code, uint32_t *base, uint32_t *mark)
{
    for (size_t i = 0; i < sizeof compositions / sizeof *compositions; i++) {
        const char *found = partner(compositions[i].pairs, code);
        if (!found)
            continue;
        *base = character_at(found, found + strlen(found)).code;
        *mark = compositions[i].mark;
        return true;
    }
    return false;
}

static bool is_mark(uint32_t code)
{
    return (code >= 0x0300 && code <= 0x036F) || code == 0x3099 || code == 0x309A;
}

/* ----------------------------------------------------------------------------------- letters -- */

static uint32_t lower_of(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z' ? code + 0x20 : code;
    if ((code >= 0xC0 && code <= 0xDE && code != 0xD7) || (code >= 0x391 && code <= 0x3A9) ||
        (code >= 0x410 && code <= 0x42F))
        return code + 0x20;
    if (code >= 0x400 && code <= 0x40F)
        return code + 0x50;
    if ((code >= 0x100 && code <= 0x137) || (code >= 0x14A && code <= 0x177) ||
        (code >= 0x460 && code <= 0x481) || (code >= 0x48A && code <= 0x4BF) ||
        (code >= 0x4D0 && code <= 0x52F) || (code >= 0x1E00 && code <= 0x1EFF))
        return code | 1;
    return code;
}

/* Greek and Cyrillic letters, each before the Latin one that it looks like. */
static const char capitals[] = "ΑaΒbΕeΖzΗhΙiΚkΜmΝnΟoΡpΤtΥyΧxΫy"
                               "АaВbЕeЅsІiЈjКkМmНhОoРpСcТtУyХxҮyҺhӀlԌgԚqԜwԛq";
static const char small_letters[] = "αaγyιiκkνvοoρpυuχxωw"
                                    "аaеeоoрpсcуyхxѕsіiјjкkԁdһhԛqԝwґrӏlүy";
/* Spaces and dashes. */
static const char signs[] = "\u00A0 \u2002 \u2003 \u2007 \u2009 \u202F \u3000 "
                            "\u2010-\u2011-\u2012-\u2013-\u2014-\u2212-";

static uint32_t pair_of(const char *pairs, uint32_t code)
{
    const char *found = code < 0x80 ? NULL : partner(pairs, code);
    return found ? (unsigned char)*found : code;
}

static uint32_t look_of(uint32_t code)
{
    if (code >= 0xFF01 && code <= 0xFF5E) /* full width */
        code -= 0xFEE0;
    code = pair_of(capitals, code);
    code = pair_of(small_letters, lower_of(code));
    return pair_of(signs, code);
}

/* ----------------------------------------------------------------------------------- writing -- */

static void put_code(struct buffer *out, uint32_t code)
{
    char bytes[LONGEST_CODE + 1];
    buffer_append(out, bytes, encode(code, bytes));
}

struct marks {
    uint32_t codes[MOST_MARKS];
    size_t count;
};

/* In one order, whatever theirs is. */
static void add_mark(struct marks *marks, uint32_t code)
{
    size_t at = marks->count;
    if (at == MOST_MARKS)
        return;
    for (marks->count++; at > 0 && marks->codes[at - 1] > code; at--)
        marks->codes[at] = marks->codes[at - 1];
    marks->codes[at] = code;
}

static void put_marks(struct buffer *out, struct marks *marks)
{
    for (size_t i = 0; i < marks->count; i++)
        put_code(out, marks->codes[i]);
    marks->count = 0;
}

static void write_appearance(struct buffer *out, const char *text, bool looks)
{
    struct marks marks = {.count = 0};
    for (const char *end = text + strlen(text); text < end;) {
        struct character one = character_at(text, end);
        uint32_t code = one.code, base, mark;
        text += one.bytes;
        if (code == UINT32_MAX || code == 0xFE0E || code == 0xFE0F)
            continue;
        if (is_mark(code)) {
            add_mark(&marks, code);
            continue;
        }
        put_marks(out, &marks);
        for (; code >= 0x80 && decompose(code, &base, &mark); code = base)
            add_mark(&marks, mark);
        put_code(out, looks ? look_of(code) : lower_of(code));
    }
    put_marks(out, &marks);
}

const char *appearance_of(struct arena *arena, const char *text)
{
    struct buffer out = {0};
    write_appearance(&out, text, true);
    const char *copy = arena_copy(arena, out.bytes ? out.bytes : "", out.length);
    buffer_release(&out);
    return copy;
}

bool appearance_is_plain(const char *text)
{
    for (; *text; text++)
        if ((*text >= 'A' && *text <= 'Z') || (unsigned char)*text >= 0x80)
            return false;
    return true;
}

bool differs_only_in_case(const char *text, const char *other)
{
    struct buffer one = {0}, two = {0};
    write_appearance(&one, text, false);
    write_appearance(&two, other, false);
    bool same = one.length == two.length && memcmp(one.bytes, two.bytes, one.length) == 0;
    buffer_release(&one);
    buffer_release(&two);
    return same;
}
