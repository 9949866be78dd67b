/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact and canonical text (RFC 8785); see canonical.h. Recursion is bounded by the depth that the reader allowed.
 * Members that are sorted already, the common case, are written without a sort.
 * Tests: tests/unit/json/test_canonical.c
 */
#include "json/canonical.h"

#include "json/number.h"
#include "json/shim.h"
#include "json/writer.h"

#include <stdlib.h>
#include <string.h>

typedef struct member {
    apl_span name;
    apl_json value;
} member;

int apl_json_name_compare(apl_span a, apl_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    size_t i = 0;
    while (i < len && a.ptr[i] == b.ptr[i])
        i++;
    if (i == len)
        return (a.len > b.len) - (a.len < b.len);
    unsigned char x = (unsigned char)a.ptr[i], y = (unsigned char)b.ptr[i];
    /* UTF-16 writes U+10000 and above (lead byte F0…) with surrogates D800…, below U+E000 to U+FFFF (lead EE, EF). */
    bool x_high = x >= 0xF0, y_high = y >= 0xF0;
    if (x_high != y_high && x >= 0xEE && y >= 0xEE)
        return x_high ? -1 : 1;
    return x < y ? -1 : 1;
}

static int member_compare(const void *a, const void *b)
{
    return apl_json_name_compare(((const member *)a)->name, ((const member *)b)->name);
}

static apl_rc add_any(apl_buf *buf, apl_json value, bool sorted, apl_err *err);

static apl_rc add_member(apl_buf *buf, const member *m, bool sorted, apl_err *err)
{
    apl_rc rc = apl_json_add_quoted(buf, m->name, err);
    if (!rc)
        rc = apl_buf_add_byte(buf, ':', err);
    return rc ? rc : add_any(buf, m->value, sorted, err);
}

static apl_rc add_sorted(apl_buf *buf, apl_json object, apl_err *err)
{
    size_t count = apl_json_count(object), n = 0;
    APL_AUTO_MEM member *members = apl_mem_alloc(count * sizeof *members);
    if (!members)
        return apl_err_nomem(err);
    apl_json_iter it = apl_json_each(object);
    while (n < count && apl_json_next(&it, &members[n].name, &members[n].value))
        n++;
    qsort(members, n, sizeof *members, member_compare);
    apl_rc rc = APL_OK;
    for (size_t i = 0; !rc && i < n; i++) {
        if (i && member_compare(&members[i - 1], &members[i]) == 0)
            return apl_json_refuse(members[i].value, err, "the name occurs twice in its object");
        if (i)
            rc = apl_buf_add_byte(buf, ',', err);
        if (!rc)
            rc = add_member(buf, &members[i], true, err);
    }
    return rc;
}

static bool is_sorted(apl_json object)
{
    apl_json_iter it = apl_json_each(object);
    apl_span before = APL_SPAN_NONE, name;
    apl_json value;
    for (bool first = true; apl_json_next(&it, &name, &value); first = false) {
        if (!first && apl_json_name_compare(before, name) >= 0)
            return false;
        before = name;
    }
    return true;
}

static apl_rc add_container(apl_buf *buf, apl_json container, bool sorted, apl_err *err)
{
    apl_json_iter it = apl_json_each(container);
    bool in_object = it.in_object;
    apl_rc rc = apl_buf_add_byte(buf, in_object ? '{' : '[', err);
    if (!rc && in_object && sorted && !is_sorted(container)) {
        rc = add_sorted(buf, container, err);
        it.end = 0;
    }
    member m;
    for (bool first = true; !rc && apl_json_next(&it, &m.name, &m.value); first = false) {
        if (!first)
            rc = apl_buf_add_byte(buf, ',', err);
        if (!rc)
            rc = in_object ? add_member(buf, &m, sorted, err) : add_any(buf, m.value, sorted, err);
    }
    return rc ? rc : apl_buf_add_byte(buf, in_object ? '}' : ']', err);
}

static apl_rc add_double(apl_buf *buf, double number, apl_err *err)
{
    char text[APL_SJ_DOUBLE_BYTES];
    return apl_buf_add(buf, (apl_span){text, apl_sj_double(number, text)}, err);
}

static apl_rc add_i64(apl_buf *buf, int64_t number, bool canonical, apl_err *err)
{
    /* JCS numbers are doubles; past 2^53 the digits are the double's, not the integer's. */
    const int64_t exact = (int64_t)1 << 53;
    if (canonical && (number > exact || number < -exact))
        return add_double(buf, (double)number, err);
    char text[APL_JSON_I64_BYTES];
    return apl_buf_add(buf, (apl_span){text, apl_json_i64_text(number, text)}, err);
}

static apl_rc add_any(apl_buf *buf, apl_json value, bool sorted, apl_err *err)
{
    apl_span text;
    int64_t number;
    double real;
    bool truth = false;
    switch (apl_json_type_of(value)) {
    case APL_JSON_OBJECT:
    case APL_JSON_ARRAY:
        return add_container(buf, value, sorted, err);
    case APL_JSON_STRING:
        (void)apl_json_as_str(value, &text);
        return apl_json_add_quoted(buf, text, err);
    case APL_JSON_I64:
        (void)apl_json_as_i64(value, &number);
        return add_i64(buf, number, sorted, err);
    case APL_JSON_DOUBLE:
        (void)apl_json_as_double(value, &real);
        return add_double(buf, real, err);
    case APL_JSON_BOOL:
        (void)apl_json_as_bool(value, &truth);
        return apl_buf_add_str(buf, truth ? "true" : "false", err);
    case APL_JSON_NULL:
        return apl_buf_add_str(buf, "null", err);
    default:
        return apl_err_set(err, APL_E_INVALID, "no JSON value");
    }
}

apl_rc apl_json_add_value(apl_buf *buf, apl_json value, apl_err *err)
{
    return add_any(buf, value, false, err);
}

apl_rc apl_json_add_canonical(apl_buf *buf, apl_json value, apl_err *err)
{
    return add_any(buf, value, true, err);
}

apl_rc apl_json_check_canonical(apl_json value, apl_span bytes, apl_err *err)
{
    /* The canonical text of a non-canonical one can be longer (1e20), but not by more than its numbers' digits. */
    APL_AUTO(apl_buf) text = APL_BUF(bytes.len * 8 + 64);
    apl_rc rc = apl_buf_reserve(&text, bytes.len, err);
    if (!rc)
        rc = apl_json_add_canonical(&text, value, err);
    if (rc)
        return rc;
    if (apl_span_equal(apl_buf_view(&text), bytes))
        return APL_OK;
    size_t at = 0;
    while (at < bytes.len && at < text.len && bytes.ptr[at] == text.ptr[at])
        at++;
    apl_err_set(err, APL_E_INVALID, "not canonical JSON (RFC 8785)");
    apl_err_where(err, "byte %zu", at);
    return APL_E_INVALID;
}
