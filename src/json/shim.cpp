/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simdjson behind extern "C"; see shim.h. No exception leaves this file: the library is used through its error codes
 * and every allocation is nothrow. A value is a place on the parser's tape, two words that C can hold by value.
 */
#include "json/shim.h"

extern "C" {
void *apl_mem_alloc(size_t bytes);
void apl_mem_free(void *ptr);
}

#include <charconv>
#include <cstring>
#include <new>
#include <simdjson.h>

namespace sj = simdjson;

struct apl_sj {
    sj::dom::parser parser;
    size_t max_depth;
};

static_assert(APL_SJ_PADDING >= sj::SIMDJSON_PADDING, "padding");

static sj::internal::tape_ref ref(apl_sj_at at)
{
    return {static_cast<const sj::dom::document *>(at.doc), at.index};
}

/* simdjson allocates by itself; asking the program's allocator first lets the fault tests fail this step too. */
static bool may_allocate()
{
    void *probe = apl_mem_alloc(1);
    apl_mem_free(probe);
    return probe != nullptr;
}

apl_sj *apl_sj_new(void)
{
    apl_sj *made = may_allocate() ? new (std::nothrow) apl_sj() : nullptr;
    return made;
}

void apl_sj_free(apl_sj *s)
{
    delete s;
}

size_t apl_sj_capacity(const apl_sj *s)
{
    size_t parser = s->parser.capacity(), document = s->parser.doc.capacity();
    return parser < document ? parser : document;
}

static apl_sj_rc rc_of(sj::error_code error)
{
    switch (error) {
    case sj::SUCCESS:
        return APL_SJ_OK;
    case sj::MEMALLOC:
    case sj::CAPACITY:
        return APL_SJ_NOMEM;
    case sj::DEPTH_ERROR:
        return APL_SJ_DEPTH;
    default:
        return APL_SJ_INVALID;
    }
}

apl_sj_rc apl_sj_reserve(apl_sj *s, size_t capacity, size_t max_depth)
{
    if (apl_sj_capacity(s) == capacity && s->max_depth == max_depth)
        return APL_SJ_OK;
    s->max_depth = 0;
    if (!may_allocate())
        return APL_SJ_NOMEM;
    sj::error_code error = s->parser.allocate(capacity, max_depth);
    if (!error)
        error = s->parser.doc.allocate(capacity);
    if (!error)
        s->max_depth = max_depth;
    return rc_of(error);
}

apl_sj_rc apl_sj_parse(apl_sj *s, const char *text, size_t len, apl_sj_at *out_root)
{
    sj::dom::element root;
    sj::error_code error = s->parser.parse(text, len, false).get(root);
    if (error)
        return rc_of(error);
    /* Index 0 of the tape is its own frame. */
    *out_root = {&s->parser.doc, 1};
    return APL_SJ_OK;
}

char apl_sj_kind(apl_sj_at at)
{
    return static_cast<char>(ref(at).tape_ref_type());
}

size_t apl_sj_after(apl_sj_at at)
{
    return ref(at).after_element();
}

size_t apl_sj_count_saturated(apl_sj_at at)
{
    return ref(at).scope_count();
}

const char *apl_sj_str(apl_sj_at at, size_t *out_len)
{
    std::string_view view = ref(at).get_string_view();
    *out_len = view.size();
    return view.data();
}

uint64_t apl_sj_bits(apl_sj_at at)
{
    return ref(at).next_tape_value<uint64_t>();
}

static char *put_zeros(char *out, int count)
{
    for (; count > 0; count--)
        *out++ = '0';
    return out;
}

static char *put(char *out, const char *from, int count)
{
    std::memcpy(out, from, static_cast<size_t>(count));
    return out + count;
}

/* Number::toString of ECMA-262 section 6.1.6.1.20: digits d1…dk with the decimal point after place n. */
static char *layout(char *out, const char *digits, int k, int n)
{
    if (k <= n && n <= 21)
        return put_zeros(put(out, digits, k), n - k);
    if (0 < n && n <= 21) {
        out = put(out, digits, n);
        *out++ = '.';
        return put(out, digits + n, k - n);
    }
    if (-6 < n && n <= 0) {
        *out++ = '0';
        *out++ = '.';
        return put(put_zeros(out, -n), digits, k);
    }
    *out++ = digits[0];
    if (k > 1) {
        *out++ = '.';
        out = put(out, digits + 1, k - 1);
    }
    *out++ = 'e';
    *out++ = n > 0 ? '+' : '-';
    return std::to_chars(out, out + 4, n > 0 ? n - 1 : 1 - n).ptr;
}

size_t apl_sj_double(double value, char out[APL_SJ_DOUBLE_BYTES])
{
    char *at = out;
    if (value == 0) {
        *at = '0'; /* minus zero as well */
        return 1;
    }
    if (value < 0) {
        *at++ = '-';
        value = -value;
    }
    /* Shortest digits that read back as the same double: d[.ddd]e±xx */
    char text[APL_SJ_DOUBLE_BYTES], digits[APL_SJ_DOUBLE_BYTES];
    char *end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
    int k = 0;
    const char *p = text;
    for (; p < end && *p != 'e'; p++)
        if (*p != '.')
            digits[k++] = *p;
    p++;
    bool negative = *p == '-';
    int exponent = 0;
    std::from_chars(p + 1, end, exponent);
    at = layout(at, digits, k, (negative ? -exponent : exponent) + 1);
    return static_cast<size_t>(at - out);
}
