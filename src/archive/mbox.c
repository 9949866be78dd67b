/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mbox reader, see mbox.h: the splitting is ours (streamed, bounded, with line numbers), each message is read by
 * GMime. GLib ends the program when memory runs out; the cap per message keeps that away from its door.
 * Threat: mail bombs by size and by nesting. Tests: tests/unit/archive/test_mbox.c
 */
#include "archive/mbox.h"

#include "archive/feed.h"
#include "archive/html.h"
#include "base/utf8.h"
#include "model/post.h"

#include <gmime/gmime.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024 * 1024, RAW_KEPT_BYTES = 256 * 1024 };
enum { MESSAGE_ID, IN_REPLY_TO, FROM, FROM_NAME, DATE, SUBJECT, TEXT, TO, FIELD_COUNT };

typedef struct mbox {
    apl_feed feed;
    apl_buf message;
    apl_buf texts[FIELD_COUNT];
    apl_span fields[FIELD_COUNT];
} mbox;

/* "From sender date", by the rule of RFC 4155 loosely: the line ends in a year, perhaps with a zone behind it. */
static bool is_from_line(apl_span line)
{
    if (!apl_span_starts(line, APL_SPAN("From ")))
        return false;
    apl_span rest = apl_span_trim(apl_span_sub(line, 5, SIZE_MAX));
    size_t colons = 0, digits = 0;
    for (size_t i = 0; i < rest.len; i++) {
        colons += rest.ptr[i] == ':';
        digits += rest.ptr[i] >= '0' && rest.ptr[i] <= '9';
    }
    return colons >= 1 && digits >= 6;
}

bool apl_mbox_is(apl_span head)
{
    size_t lf = apl_span_find_byte(head, '\n');
    return is_from_line(apl_span_sub(head, 0, lf));
}

/* mboxrd puts one '>' before every "From " in the text, mboxo only before bare ones: takes one away, in place. */
static void unquote(char *text)
{
    char *to = text;
    for (bool at_start = true; *text; text++) {
        if (at_start && *text == '>' && strncmp(text + strspn(text, ">"), "From ", 5) == 0)
            text++;
        at_start = *text == '\n';
        *to++ = *text;
    }
    *to = '\0';
}

/* Collects one message; *out_large: it was larger than the cap and is only its beginning. False at the end. */
static apl_rc collect(mbox *m, bool *out_any, bool *out_large, apl_err *err)
{
    bool after_blank = false;
    apl_buf_clear(&m->message);
    *out_any = *out_large = false;
    for (;;) {
        apl_span line;
        bool is_long;
        apl_rc rc = apl_feed_line(&m->feed, &line, &is_long, err);
        if (rc || !line.len)
            return rc;
        if (*out_any && after_blank && is_from_line(line))
            return APL_OK;
        after_blank = apl_span_trim(line).len == 0;
        *out_any |= !after_blank; /* blank lines before the first message */
        if (*out_any && !*out_large) {
            rc = apl_buf_add(&m->message, line, err);
            *out_large = rc == APL_E_LIMIT || is_long;
            if (rc && !*out_large)
                return rc;
        }
        if (is_long) {
            rc = apl_feed_skip_line(&m->feed, err);
        } else {
            m->feed.line += line.ptr[line.len - 1] == '\n';
            apl_feed_take(&m->feed, line.len);
            rc = APL_OK;
        }
        if (rc)
            return rc;
    }
}

static apl_rc set_text(mbox *m, int field, const char *text, apl_err *err)
{
    apl_span s = apl_utf8_cut(apl_span_of(text), m->texts[field].max / 3);
    apl_buf_clear(&m->texts[field]);
    apl_rc rc = apl_utf8_add_clean(&m->texts[field], s, err);
    m->fields[field] = apl_span_trim(apl_buf_view(&m->texts[field]));
    return rc;
}

/* The first and the last "<…>" of a header. */
static apl_rc set_reference(mbox *m, GMimeMessage *message, apl_err *err)
{
    GMimeObject *object = GMIME_OBJECT(message);
    const char *header = g_mime_object_get_header(object, "In-Reply-To");
    bool want_last = false;
    if (!header || !strchr(header, '<')) {
        header = g_mime_object_get_header(object, "References");
        want_last = true;
    }
    apl_span s = apl_span_of(header), id = APL_SPAN_NONE;
    for (size_t open; (open = apl_span_find_byte(s, '<')) != SIZE_MAX;) {
        s = apl_span_sub(s, open + 1, SIZE_MAX);
        size_t close = apl_span_find_byte(s, '>');
        if (close == SIZE_MAX)
            break;
        id = apl_span_sub(s, 0, close);
        if (!want_last)
            break;
    }
    apl_buf_clear(&m->texts[IN_REPLY_TO]);
    apl_rc rc = apl_utf8_add_clean(&m->texts[IN_REPLY_TO], apl_utf8_cut(id, 500), err);
    m->fields[IN_REPLY_TO] = apl_buf_view(&m->texts[IN_REPLY_TO]);
    return rc;
}

typedef struct parts {
    GMimeTextPart *plain, *html;
} parts;

static void on_part(GMimeObject *parent, GMimeObject *part, gpointer user_data)
{
    parts *p = user_data;
    (void)parent;
    if (!GMIME_IS_TEXT_PART(part) || g_mime_part_is_attachment(GMIME_PART(part)))
        return;
    GMimeContentType *type = g_mime_object_get_content_type(part);
    if (!p->plain && g_mime_content_type_is_type(type, "text", "plain"))
        p->plain = GMIME_TEXT_PART(part);
    if (!p->html && g_mime_content_type_is_type(type, "text", "html"))
        p->html = GMIME_TEXT_PART(part);
}

static apl_rc set_body(mbox *m, GMimeMessage *message, apl_err *err)
{
    parts p = {NULL, NULL};
    g_mime_message_foreach(message, on_part, &p);
    apl_buf_clear(&m->texts[TEXT]);
    m->fields[TEXT] = APL_SPAN_NONE;
    if (!p.plain && !p.html)
        return APL_OK;
    char *text = g_mime_text_part_get_text(p.plain ? p.plain : p.html);
    apl_rc rc = APL_OK;
    if (text && p.plain) {
        unquote(text);
        rc = set_text(m, TEXT, text, err);
    } else if (text) {
        APL_AUTO(apl_buf) flat = APL_BUF(APL_POST_TEXT_MAX_BYTES);
        rc = apl_html_add_text(&flat, apl_span_of(text), err);
        if (!rc)
            rc = set_text(m, TEXT, apl_buf_str(&flat), err);
    }
    g_free(text);
    m->fields[TEXT] = apl_utf8_cut(m->fields[TEXT], APL_POST_TEXT_MAX_BYTES);
    return rc;
}

static apl_rc set_sender(mbox *m, GMimeMessage *message, apl_err *err)
{
    InternetAddressList *list = g_mime_message_get_from(message);
    InternetAddress *first = list && internet_address_list_length(list) > 0
                                 ? internet_address_list_get_address(list, 0)
                                 : NULL;
    const char *address = first && INTERNET_ADDRESS_IS_MAILBOX(first)
                              ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first))
                              : NULL;
    apl_rc rc = set_text(m, FROM, address, err);
    if (!rc)
        rc = set_text(m, FROM_NAME, first ? internet_address_get_name(first) : NULL, err);
    list = g_mime_message_get_to(message);
    char *to = list ? internet_address_list_to_string(list, NULL, FALSE) : NULL;
    if (!rc)
        rc = set_text(m, TO, to, err);
    g_free(to);
    return rc;
}

static apl_rc fill_fields(mbox *m, GMimeMessage *message, apl_err *err)
{
    apl_rc rc = set_text(m, MESSAGE_ID, g_mime_message_get_message_id(message), err);
    if (!rc)
        rc = set_reference(m, message, err);
    if (!rc)
        rc = set_sender(m, message, err);
    if (!rc)
        rc = set_text(m, DATE, g_mime_object_get_header(GMIME_OBJECT(message), "Date"), err);
    if (!rc)
        rc = set_text(m, SUBJECT, g_mime_message_get_subject(message), err);
    return rc ? rc : set_body(m, message, err);
}

static apl_rc parse_message(mbox *m, apl_archive_record *record, apl_err *err)
{
    apl_span raw = apl_buf_view(&m->message);
    bool has_envelope = apl_mbox_is(raw);
    apl_span mail = has_envelope ? apl_span_sub(raw, apl_span_find_byte(raw, '\n') + 1, SIZE_MAX)
                                 : raw;
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(mail.ptr ? mail.ptr : "", mail.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    apl_rc rc = APL_OK;
    record->item = APL_ARCHIVE_RECORD;
    if (message)
        rc = fill_fields(m, message, err);
    else
        apl_record_reject(record, (apl_extent){record->line, record->line_end, raw}, "",
                          "no mail could be read here");
    if (message)
        g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
    return rc;
}

static apl_rc mbox_next(void *self, apl_archive_record *record, apl_err *err)
{
    mbox *m = self;
    bool any, is_large;
    record->item = APL_ARCHIVE_END;
    record->line = m->feed.line;
    apl_rc rc = collect(m, &any, &is_large, err);
    if (rc || !any)
        return rc;
    record->line_end = m->feed.line > record->line ? m->feed.line - 1 : record->line;
    if (is_large) {
        apl_record_reject(record,
                          (apl_extent){record->line, record->line_end,
                                       apl_span_sub(apl_buf_view(&m->message), 0, RAW_KEPT_BYTES)},
                          "take its attachments out",
                          "the message has more than %d bytes or a line of more than %d",
                          APL_ARCHIVE_MAIL_MAX_BYTES, LINE_MAX_BYTES);
        record->raw_cut = true;
        return APL_OK;
    }
    rc = parse_message(m, record, err);
    record->raw = apl_buf_view(&m->message);
    record->fields = m->fields;
    record->field_count = FIELD_COUNT;
    return rc;
}

static void mbox_free(void *self)
{
    mbox *m = self;
    apl_feed_release(&m->feed);
    apl_buf_release(&m->message);
    for (int i = 0; i < FIELD_COUNT; i++)
        apl_buf_release(&m->texts[i]);
    apl_mem_free(m);
}

apl_rc apl_mbox_new(apl_source source, apl_columns *columns, apl_reader *out_reader, apl_err *err)
{
    static const char *const names[FIELD_COUNT] = {"message_id", "in_reply_to", "from", "from_name",
                                                   "date",       "subject",     "text", "to"};
    mbox *m = apl_mem_zalloc(1, sizeof *m);
    if (!m)
        return apl_err_nomem(err);
    g_mime_init();
    apl_feed_init(&m->feed, source, LINE_MAX_BYTES);
    apl_buf_init(&m->message, APL_ARCHIVE_MAIL_MAX_BYTES);
    apl_rc rc = APL_OK;
    for (int i = 0; i < FIELD_COUNT; i++) {
        apl_buf_init(&m->texts[i], i == TEXT ? 4 * APL_POST_TEXT_MAX_BYTES : 8 * 1024);
        if (!rc)
            rc = apl_columns_add(columns, apl_span_of(names[i]), err);
    }
    if (rc) {
        mbox_free(m);
        return rc;
    }
    *out_reader = (apl_reader){mbox_next, mbox_free, m};
    return APL_OK;
}
