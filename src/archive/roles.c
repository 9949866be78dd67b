/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What exports call their columns: the habits of social networks, help desks, review sites and data sets, and the words
 * of a few other languages. Order within a role: the better name first. Tests: tests/unit/archive/test_mapping.c
 */
#include "archive/roles.h"

#include <ctype.h>
#include <string.h>

enum { STRONG = 100, FAIR = 70, WEAK = 45 };

/* Names apart by spaces, by strength. */
static const struct {
    const char *strong, *fair, *weak;
} synonyms[APL_COLUMN_COUNT] = {
    [APL_COLUMN_ID] =
        {"tweet_id status_id post_id review_id comment_id message_id ticket_id id_str "
         "remote_id msg_id mail_id interaction_id conversation_entry_id",
         "id uuid guid key case_number", "number nr no"},
    [APL_COLUMN_TEXT] =
        {"text review_text tweet_text full_text post_text comment_text message_text "
         "body content review_body review_content tweet caption",
         "comment message review complaint description post narrative feedback "
         "verbatim transcript kommentar nachricht bewertungstext beschwerde "
         "commentaire mensaje texte texto consumer_complaint_narrative note",
         "notes details summary inhalt reviews"},
    [APL_COLUMN_AUTHOR] =
        {"author_id screen_name user_screen_name author handle username user_name "
         "user_handle reviewer reviewer_id author_handle user_id",
         "user from sender customer_id account customer from_user reviewer_name "
         "profile_name author_username poster verfasser benutzer auteur autor "
         "usuario customer_email email absender from_email contact",
         "name by who profile kunde nick"},
    [APL_COLUMN_AUTHOR_NAME] = {"author_name display_name user_display_name from_name full_name "
                                "author_display_name sender_name",
                                "user_name reviewer_name customer_name realname profile_name",
                                "name"},
    [APL_COLUMN_TIME] = {"created_at tweet_created timestamp posted_at published_at date_posted "
                         "created_time review_date post_date sent_at date_created created_on "
                         "publish_date submitted_at received_at",
                         "date time datetime created posted published sent date_time when day "
                         "at date_received datum zeit fecha zeitpunkt time_stamp utc_time "
                         "review_time created_date received created_utc",
                         "uhrzeit updated_at timestamp_ms"},
    [APL_COLUMN_PARENT] = {"in_response_to_tweet_id in_reply_to in_reply_to_status_id parent_id "
                           "in_reply_to_id reply_to parent in_response_to reply_to_id "
                           "in_reply_to_status_id_str parent_comment_id replying_to",
                           "replied_to response_to thread_parent references", "thread_id"},
    [APL_COLUMN_DIRECTION] = {"inbound outbound direction is_inbound is_outbound is_own "
                              "is_customer is_agent is_company from_customer from_company "
                              "from_agent author_type sender_type",
                              "incoming outgoing own is_reply_by_company richtung from_us", "role"},
    [APL_COLUMN_COMPANY] = {"company brand airline company_name brand_name business business_name",
                            "firm vendor merchant bank hotel restaurant store firma marke "
                            "empresa page_name product_brand unternehmen",
                            "organisation organization page location_name"},
    [APL_COLUMN_RATING] = {"rating stars star_rating review_rating score_stars overall_rating "
                           "star review_score",
                           "overall score bewertung sterne note_sur_5 puntuacion rate grade",
                           "points"},
    [APL_COLUMN_TITLE] = {"title review_title subject headline",
                          "review_headline betreff titel asunto titre heading", "summary"},
    [APL_COLUMN_KIND] = {"kind post_type message_type content_type interaction_type",
                         "type source_type art", "channel medium"},
    [APL_COLUMN_URL] = {"url permalink link post_url tweet_url review_url", "href source_url uri",
                        "web_url"},
    [APL_COLUMN_LANG] = {"lang language language_code", "locale sprache idioma langue", ""},
    [APL_COLUMN_REACH] = {"followers followers_count follower_count reach impressions views "
                          "view_count user_followers_count author_followers",
                          "audience subscribers", ""},
    [APL_COLUMN_ECHO] = {"retweet_count shares share_count retweets reposts repost_count "
                         "reblogs_count echo_count helpful_votes useful",
                         "likes like_count favorite_count upvotes votes helpful favourites_count "
                         "likes_count thumbs_up",
                         "score_votes"},
    [APL_COLUMN_REVISION] = {"revision revision_id version edit_id", "rev etag", ""},
    [APL_COLUMN_EVENT] = {"event event_type action", "operation op change_type", ""},
};

const char *apl_name_normalise(apl_span name, char out[APL_NAME_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; i < name.len && n < APL_NAME_BYTES - 2; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool camel = i && c >= 'A' && c <= 'Z' && name.ptr[i - 1] >= 'a' && name.ptr[i - 1] <= 'z';
        bool keep = c >= 0x80 || isalnum(c);
        if ((camel || !keep) && n && out[n - 1] != '_')
            out[n++] = '_';
        if (keep)
            out[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    while (n && out[n - 1] == '_')
        n--;
    out[n] = '\0';
    return out;
}

/* 1-based place of a name in a list of names apart by spaces; 0 = not in it. */
static int place_in(const char *list, apl_span name)
{
    apl_span rest = apl_span_of(list), part;
    int place = 0;
    while (name.len && apl_span_split(&rest, ' ', &part)) {
        place++;
        if (apl_span_equal(part, name))
            return place;
    }
    return 0;
}

static int score_exact(apl_span name, apl_column_role role)
{
    const struct {
        const char *list;
        int score;
    } lists[] = {
        {synonyms[role].strong, STRONG}, {synonyms[role].fair, FAIR}, {synonyms[role].weak, WEAK}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        int place = lists[i].list ? place_in(lists[i].list, name) : 0;
        if (place)
            return lists[i].score - (place < 20 ? place - 1 : 19);
    }
    return 0;
}

int apl_name_score(const char *name, apl_column_role role)
{
    apl_span whole = apl_span_of(name);
    int best = score_exact(whole, role);
    /* "data.user.screen_name" is "data_user_screen_name" here: its ends count too, the shorter the less. */
    int loss = 12;
    for (apl_span rest = whole; best < STRONG - loss && loss <= 36; loss += 12) {
        size_t at = apl_span_find_byte(rest, '_');
        if (at == SIZE_MAX)
            break;
        rest = apl_span_sub(rest, at + 1, SIZE_MAX);
        int score = score_exact(rest, role) - loss - (score_exact(rest, role) < FAIR ? 20 : 0);
        best = score > best ? score : best;
    }
    return best;
}

bool apl_name_is_label(const char *name)
{
    static const char *const marks[] = {"sentiment", "confidence", "label",    "negativereason",
                                        "_gold",     "polarity",   "emotion",  "annotat",
                                        "predict",   "toxicity",   "category", "class"};
    apl_span s = apl_span_of(name);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (apl_span_find(s, apl_span_of(marks[i])) != SIZE_MAX)
            return true;
    }
    return apl_span_is(s, "target") || apl_span_is(s, "gold");
}

bool apl_name_true_is_own(const char *name)
{
    static const char *const own[] = {"outbound", "outgoing", "own",  "agent",
                                      "company",  "us",       "staff"};
    apl_span s = apl_span_of(name);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (apl_span_ends(s, apl_span_of(own[i])))
            return true;
    }
    return false;
}
