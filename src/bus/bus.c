/* SPDX-License-Identifier: Apache-2.0 */
/* The checks that every bus shares, and the calls through the table. Tests: tests/unit/bus/test_local.c */
#include "bus/bus.h"

static bool is_token_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool is_token(apl_span token)
{
    for (size_t i = 0; i < token.len; i++) {
        if (!is_token_byte(token.ptr[i]))
            return false;
    }
    return token.len > 0;
}

static apl_rc subject_error(apl_err *err, apl_span subject, bool is_filter)
{
    apl_err_set(err, APL_E_INVALID, "\"%.*s\" is not a %s of the bus",
                (int)(subject.len > 80 ? 80 : subject.len), subject.ptr ? subject.ptr : "",
                is_filter ? "filter" : "subject");
    apl_err_fix(err, "join 1 to %d words of letters, digits, _ and - by dots%s", APL_BUS_TOKENS_MAX,
                is_filter ? "; * is any word, > at the end any rest" : "");
    return APL_E_INVALID;
}

apl_rc apl_bus_subject_check(apl_span subject, bool is_filter, apl_err *err)
{
    apl_span rest = subject;
    size_t count = 0;
    bool is_fine = subject.len > 0 && subject.len <= APL_BUS_SUBJECT_MAX_BYTES;
    for (bool more = is_fine; is_fine && more;) {
        size_t dot = apl_span_find_byte(rest, '.');
        apl_span token = apl_span_sub(rest, 0, dot);
        more = dot != SIZE_MAX;
        bool is_wild = is_filter && (apl_span_is(token, "*") || (apl_span_is(token, ">") && !more));
        is_fine = ++count <= APL_BUS_TOKENS_MAX && (is_wild || is_token(token));
        rest = more ? apl_span_sub(rest, dot + 1, SIZE_MAX) : APL_SPAN_NONE;
    }
    return is_fine ? APL_OK : subject_error(err, subject, is_filter);
}

bool apl_bus_subject_matches(apl_span filter, apl_span subject)
{
    for (;;) {
        size_t filter_dot = apl_span_find_byte(filter, '.');
        size_t subject_dot = apl_span_find_byte(subject, '.');
        apl_span want = apl_span_sub(filter, 0, filter_dot);
        apl_span have = apl_span_sub(subject, 0, subject_dot);
        if (apl_span_is(want, ">"))
            return true;
        if (!apl_span_is(want, "*") && !apl_span_equal(want, have))
            return false;
        if (filter_dot == SIZE_MAX || subject_dot == SIZE_MAX)
            return filter_dot == subject_dot;
        filter = apl_span_sub(filter, filter_dot + 1, SIZE_MAX);
        subject = apl_span_sub(subject, subject_dot + 1, SIZE_MAX);
    }
}

apl_rc apl_bus_publish(apl_bus *bus, apl_span subject, apl_span payload, apl_err *err)
{
    apl_rc rc = apl_bus_subject_check(subject, false, err);
    if (!rc && payload.len > APL_BUS_PAYLOAD_MAX_BYTES)
        rc = apl_err_set(err, APL_E_LIMIT, "a bus message has at most %d bytes",
                         APL_BUS_PAYLOAD_MAX_BYTES);
    return rc ? rc : bus->ops->publish(bus, subject, payload, err);
}

apl_rc apl_bus_subscribe(apl_bus *bus, apl_span filter, apl_bus_callback callback, void *ctx,
                         apl_bus_subscription **out_subscription, apl_err *err)
{
    apl_rc rc = apl_bus_subject_check(filter, true, err);
    return rc ? rc : bus->ops->subscribe(bus, filter, callback, ctx, out_subscription, err);
}

void apl_bus_unsubscribe(apl_bus *bus, apl_bus_subscription *subscription)
{
    if (subscription)
        bus->ops->unsubscribe(bus, subscription);
}

void apl_bus_close(apl_bus *bus)
{
    if (bus)
        bus->ops->close(bus);
}
