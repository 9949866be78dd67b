/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of objects with checked types, and the names of places in messages; see reader.h.
 * Tests: tests/unit/json/test_reader.c
 */
#include "json/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Adds "/" and the RFC 6901 form of name ("~" is "~0", "/" is "~1"). */
static void add_step(char *out, size_t out_bytes, size_t *len, apl_span name)
{
    for (size_t i = 0; i <= name.len; i++) {
        char c = i ? name.ptr[i - 1] : '/';
        const char *text = i && c == '~' ? "~0" : i && c == '/' ? "~1" : (char[2]){c, '\0'};
        for (; *text && *len + 1 < out_bytes; text++)
            out[(*len)++] = *text;
    }
    out[*len] = '\0';
}

const char *apl_json_pointer(apl_json value, char *out, size_t out_bytes)
{
    size_t len = 0;
    out[0] = '\0';
    apl_json in = {value.doc, 1};
    while (value.doc && in.at < value.at) {
        apl_json_iter it = apl_json_each(in);
        apl_span key = APL_SPAN_NONE;
        size_t number = 0;
        apl_json child = APL_JSON_NONE;
        /* The child whose end lies past the value holds it. */
        bool found = false;
        while (!found && apl_json_next(&it, &key, &child)) {
            found = it.next.at > value.at;
            number++;
        }
        if (!found)
            break;
        char digits[24];
        int n = snprintf(digits, sizeof digits, "%zu", number - 1);
        add_step(out, out_bytes, &len, it.in_object ? key : (apl_span){digits, (size_t)n});
        in = child;
    }
    return out;
}

apl_rc apl_json_refuse(apl_json value, apl_err *err, const char *fmt, ...)
{
    if (!err)
        return APL_E_INVALID;
    char what[sizeof err->what], where[sizeof err->where];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    apl_err_set(err, APL_E_INVALID, "%s", what);
    apl_err_where(err, "%s", apl_json_pointer(value, where, sizeof where));
    return APL_E_INVALID;
}

/* The place of a member, also of one that is not there. */
static apl_rc refuse_member(apl_json object, const char *key, apl_err *err, const char *expected)
{
    if (!err)
        return APL_E_INVALID;
    apl_json value = apl_json_get(object, key);
    char where[sizeof err->where];
    apl_json_pointer(object, where, sizeof where);
    size_t len = strlen(where);
    add_step(where, sizeof where, &len, apl_span_of(key));
    if (!value.doc)
        apl_err_set(err, APL_E_INVALID, "\"%s\" is missing; expected %s", key, expected);
    else
        apl_err_set(err, APL_E_INVALID, "\"%s\" is %s; expected %s", key,
                    apl_json_type_name(apl_json_type_of(value)), expected);
    apl_err_where(err, "%s", where);
    return APL_E_INVALID;
}

#define MEMBER(name, ctype, expected, convert)                                                     \
    apl_rc apl_json_get_##name(apl_json object, const char *key, ctype *out, apl_err *err)         \
    {                                                                                              \
        return convert(apl_json_get(object, key), out)                                             \
                   ? APL_OK                                                                        \
                   : refuse_member(object, key, err, expected);                                    \
    }                                                                                              \
    apl_rc apl_json_opt_##name(apl_json object, const char *key, ctype *out, apl_err *err)         \
    {                                                                                              \
        apl_json value = apl_json_get(object, key);                                                \
        return apl_json_is_absent(value) || convert(value, out)                                    \
                   ? APL_OK                                                                        \
                   : refuse_member(object, key, err, expected);                                    \
    }

static bool as_array(apl_json value, apl_json *out)
{
    bool is = apl_json_is(value, APL_JSON_ARRAY);
    if (is)
        *out = value;
    return is;
}

static bool as_object(apl_json value, apl_json *out)
{
    bool is = apl_json_is(value, APL_JSON_OBJECT);
    if (is)
        *out = value;
    return is;
}

MEMBER(str, apl_span, "a string", apl_json_as_str)
MEMBER(i64, int64_t, "a whole number", apl_json_as_i64)
MEMBER(double, double, "a number", apl_json_as_double)
MEMBER(bool, bool, "true or false", apl_json_as_bool)
MEMBER(array, apl_json, "an array", as_array)
MEMBER(object, apl_json, "an object", as_object)

apl_rc apl_json_get_time(apl_json object, const char *key, apl_time_us *out, apl_err *err)
{
    apl_span text;
    apl_json value = apl_json_get(object, key);
    if (!apl_json_as_str(value, &text))
        return refuse_member(object, key, err, "a time as \"2026-11-23T05:05:55Z\"");
    apl_rc rc = apl_time_parse(text, out, err);
    if (rc && err) {
        char where[sizeof err->where];
        apl_err_where(err, "%s", apl_json_pointer(value, where, sizeof where));
    }
    return rc;
}

apl_rc apl_json_opt_time(apl_json object, const char *key, apl_time_us *out, apl_err *err)
{
    return apl_json_is_absent(apl_json_get(object, key)) ? APL_OK
                                                         : apl_json_get_time(object, key, out, err);
}

apl_rc apl_json_check_names(apl_json object, const char *const *names, size_t count, apl_err *err)
{
    if (!apl_json_is(object, APL_JSON_OBJECT))
        return apl_json_refuse(object, err, "%s; expected an object",
                               apl_json_type_name(apl_json_type_of(object)));
    apl_json_iter it = apl_json_each(object);
    apl_span key;
    apl_json value;
    while (apl_json_next(&it, &key, &value)) {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++)
            known = apl_span_is(key, names[i]);
        if (!known)
            return apl_json_refuse(value, err, "unknown name \"%.60s\"",
                                   apl_span_is(key, key.ptr) ? key.ptr : "");
    }
    return APL_OK;
}
